/**
 * The agent's intent, always displayed as a quotation so that it cannot pass for the dashboard's
 * own text.
 */
import { useState } from 'react';
import { fold } from '#/text/fold';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';

/** Longer intents are folded: on a phone, seven lines fit below the facts. */
const LINES_MAX = 4;
const CHARACTERS_MAX = 240;

/** The words of an agent, with its name. */
type Spoken = Readonly<{ intent: string; agent_name: string }>;

const QUOTATION = 'border-l-4 border-line pl-3 text-sm';

/** Quotes the intent with the agent's name; a long one is folded. */
export function Intent({ action }: { action: Spoken }) {
  const [isOpen, setIsOpen] = useState(false);
  const text = withoutBlankLines(action.intent);
  const { shown, hiddenCharacters } = fold(text, LINES_MAX, CHARACTERS_MAX);
  return (
    <>
      <blockquote className={QUOTATION}>
        <Speaker action={action} />{' '}
        <q>
          <Visible text={isOpen ? text : shown} />
          {!isOpen && hiddenCharacters > 0 && '…'}
        </q>
      </blockquote>
      {hiddenCharacters > 0 && (
        <Button tone="quiet" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? 'Show less' : `Show ${hiddenCharacters.toLocaleString('en')} more characters`}
        </Button>
      )}
    </>
  );
}

/** Quotes the intent in at most two lines, for a card. */
export function ShortIntent({ action }: { action: Spoken }) {
  return (
    <span className={`mt-1.5 line-clamp-2 ${QUOTATION}`}>
      <Speaker action={action} />{' '}
      <q>
        <Visible text={withoutBlankLines(action.intent).replaceAll('\n', ' ')} />
      </q>
    </span>
  );
}

function Speaker({ action }: { action: Spoken }) {
  return (
    <span className="text-soft">
      <Visible text={action.agent_name} /> says:
    </span>
  );
}

/** Removes blank lines, which would push the rest of the page off the screen. */
function withoutBlankLines(text: string): string {
  return text.replace(/\s*\n\s*/g, '\n').trim();
}

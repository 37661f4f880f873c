/**
 * The facts that a decision rests on: who asks for what, where, why it was held, and what the agent
 * says about it. On a phone, all of it fits on the first screen; the items of lists follow.
 */
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import type { Action, RequestFact, RequestSummary } from '#/client';
import { counted } from '#/text/count';
import { type Ends, endsOf } from '#/text/ends';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { remarksOf } from './addresses';
import { cardOf } from './card';
import { cautionsOf } from './caution';
import { dangersOf } from './danger';
import { Earlier, Repeats } from './Earlier';
import { byName, factsBeyond, meaningOf, type Named } from './facts';
import { comparisonsOf } from './familiarity';
import { withLineBreaks } from './formats';
import { Intent } from './Intent';
import { Items } from './Items';
import { isInItem, listsOf } from './items';
import { leavesBeyond, leavesOf } from './leaves';
import { ProgramLabel } from './ProgramLabel';
import { topReasonOf } from './reason';
import { impliedRecipientOf } from './recipient';
import { useOperation } from './useOperation';
import { type Mark, Reason } from './WhyScore';

/** More of a value would push the other facts off the screen. A text for people gets more room. */
const VALUE_LINES_MAX = 6;
const VALUE_CHARACTERS_MAX = 240;
const TEXT_LINES_MAX = 7;
const TEXT_CHARACTERS_MAX = 250;

/** How many lines of values, and of texts for people next to them, a phone shows before the rest is folded. */
const PHONE_LINES_MAX = 7;
const PHONE_TEXT_LINES_MAX = 7;

/** More remarks on addresses would push the other facts off the screen. */
const REMARKS_MAX = 3;

/** The style of a value. */
const VALUE = 'font-mono text-[0.8rem] font-semibold';

/** How long a line is on a phone, in characters. */
const PHONE_LINE_CHARACTERS = 40;

/** Shows the facts that the headline leaves out, the values in the words of the summary. */
export function KeyFacts({ action, onMark }: { action: Action; onMark: Mark }) {
  const reason = topReasonOf(action);
  const further = dangersOf(action).find((one) => one !== reason);
  const remarks = remarksOf(action);
  const comparisons = comparisonsOf(action);
  const implied = impliedRecipientOf(action);
  return (
    <dl className="space-y-2 rounded-lg border border-line bg-panel p-3 sm:space-y-3 sm:p-4">
      <Row name="Who and where" isObvious>
        <Link
          to="/agents/$id"
          params={{ id: action.agent_id }}
          className="font-semibold hover:underline"
        >
          <Visible text={action.agent_name} />
        </Link>
        <ProgramLabel label={action.label} /> →{' '}
        <Link
          to="/services/$id"
          params={{ id: action.service_id }}
          className="font-semibold hover:underline"
        >
          <Visible text={action.service_name} />
        </Link>
        {action.operation && (
          <>
            {' · '}
            <Visible text={action.operation.summary ?? action.operation.id} />{' '}
            {action.operation.deprecated && <Badge tone="warn">Deprecated</Badge>}
          </>
        )}
      </Row>
      {remarks.length > 0 && (
        <Row name="Double-check">
          {remarks.slice(0, REMARKS_MAX).map(({ address, text }) => (
            <span key={address} className="block font-medium text-warn">
              <span className="font-mono">
                <Visible text={address} />
              </span>{' '}
              <Visible text={text} />
            </span>
          ))}
        </Row>
      )}
      {implied !== null && <Row name="To">{implied}</Row>}
      <Values action={action} />
      {comparisons.length > 0 && (
        <Row name="Is it normal?" isObvious>
          {comparisons.map(({ text, isUnusual }, index) => (
            <span key={text}>
              {index > 0 && <span className="text-soft"> · </span>}
              <span className={isUnusual ? 'font-medium text-warn' : ''}>{text}</span>
            </span>
          ))}
        </Row>
      )}
      {action.context?.earlier && (
        <Row name="Before">
          <Earlier action={action} earlier={action.context.earlier} />
        </Row>
      )}
      {reason && (
        <Row name="Why it was held">
          <Reason action={action} reason={reason} onMark={onMark} />
          {further && (
            <span className="mt-0.5 block">
              Also: <Reason action={action} reason={further} onMark={onMark} />
            </span>
          )}
        </Row>
      )}
      <Cautions action={action} />
      <Row name="The agent says" isObvious>
        <Intent action={action} />
        <Repeats repeats={action.context?.repeats ?? null} />
        <p className="mt-0.5 text-xs text-soft">Unverified: written by the agent.</p>
      </Row>
      {listsOf(action).map((list) => (
        <Row key={list.location} name="Items" isObvious>
          <Items action={action} list={list} />
        </Row>
      ))}
    </dl>
  );
}

/** Quotes what the documentation warns of. */
function Cautions({ action }: { action: Action }) {
  const { operation } = useOperation(action);
  const said = operation ? cautionsOf(action, operation) : [];
  if (said.length === 0) return null;
  return (
    <Row name="The documentation says">
      <q>
        <Visible text={said.join(' … ')} />
      </q>
    </Row>
  );
}

/** A fact with its name: next to it, or before it on a phone, unless it is obvious without one. */
function Row({
  name,
  isObvious = false,
  children,
}: {
  name: string;
  isObvious?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="text-sm sm:grid sm:grid-cols-[8.5rem_minmax(0,1fr)] sm:gap-x-4">
      <dt className={isObvious ? 'sr-only text-soft sm:not-sr-only' : 'inline text-soft'}>
        {name}
        <span className="sm:hidden">: </span>
      </dt>
      <dd className={`min-w-0 ${isObvious ? '' : 'inline'}`}>{children}</dd>
    </div>
  );
}

/** Lists the values, the first of them on a phone. */
function Values({ action }: { action: Action }) {
  const [isOpen, setIsOpen] = useState(false);
  if (!action.summary) return null;
  // The values of a small request that have no room are in the list below the facts.
  const isListed = leavesOf(action) !== null;
  const all = byName(valuesOf(action, action.summary));
  const named = isListed ? all.slice(0, countOnPhone(all)) : all;
  // The currency of an amount, for example, is shown with it.
  const others = cardOf(action).isComplete || isListed ? 0 : action.summary.other_values;
  if (named.length === 0 && others === 0) return null;
  const onPhone = countOnPhone(named);
  const isFolded = !isListed && onPhone < named.length;
  return (
    <Row name="Values" isObvious>
      <dl className="space-y-0.5 sm:space-y-1">
        {named.map((one, index) => (
          <Value
            key={one.full}
            named={one}
            className={isOpen || index < onPhone ? '' : 'hidden sm:block'}
          />
        ))}
      </dl>
      {isFolded && (
        <div className="sm:hidden">
          <Button
            tone="quiet"
            className="-ml-3 min-h-8! py-0!"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
          >
            {isOpen ? 'Show fewer values' : 'Show all values'}
          </Button>
        </div>
      )}
      {others > 0 && (
        <p className="text-soft">{counted(others, 'more value')} in the exact request</p>
      )}
    </Row>
  );
}

/**
 * Lists the values of a small request that are not shown above, so that none of them is hidden behind a press. The items
 * of a list are a line each, because their values belong together.
 */
export function OtherValues({ action }: { action: Action }) {
  const groups = leavesBeyond(action, shownFacts(action)) ?? [];
  if (groups.length === 0) return null;
  return (
    <section
      aria-labelledby="other-values"
      className="rounded-lg border border-line bg-panel p-3 text-sm sm:p-4"
    >
      <h2 id="other-values" className="text-xs font-semibold text-soft">
        All other values
      </h2>
      <dl className="mt-0.5 space-y-0.5">
        {groups.map(({ place, values }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a place may appear twice
          <div key={index} className="min-w-0">
            {place !== '' && (
              <dt className="inline font-mono text-xs text-soft">
                <Visible text={place} />{' '}
              </dt>
            )}
            {values.map(({ name, value }, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a name may appear twice
              <dd key={at} className="inline">
                {at > 0 && <span className="text-soft"> · </span>}
                {name !== '' && (
                  <span className="font-mono text-xs text-soft">
                    <Visible text={name} />{' '}
                  </span>
                )}
                <span className="font-mono text-[0.8rem] font-semibold">
                  <Visible text={withLineBreaks(value)} />
                </span>
              </dd>
            ))}
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Returns the facts that neither the headline nor the line of an item has. */
function valuesOf(action: Action, summary: RequestSummary): RequestFact[] {
  return factsBeyond(summary).filter((fact) => !isInItem(action, fact));
}

/** Returns the facts that a phone shows in full, in the headline or next to it. */
function shownFacts(action: Action): RequestFact[] {
  if (!action.summary) return [];
  const beyond = valuesOf(action, action.summary);
  const all = byName(beyond);
  const onPhone = countOnPhone(all);
  const missing = all.flatMap(({ facts }, index) =>
    facts.filter((fact) => index >= onPhone || endsOfFact(fact).hiddenCharacters > 0),
  );
  return action.summary.facts.filter((fact) => !missing.includes(fact));
}

/** Returns how many of the values a phone shows: at least the first. */
function countOnPhone(named: readonly Named[]): number {
  let lines = 0;
  let textLines = 0;
  const tooMany = named.findIndex((one, index) => {
    if (one.facts.some(isText)) textLines += phoneLines(one);
    else lines += phoneLines(one);
    return index > 0 && (lines > PHONE_LINES_MAX || textLines > PHONE_TEXT_LINES_MAX);
  });
  return tooMany < 0 ? named.length : tooMany;
}

function isText({ kind }: RequestFact): boolean {
  return kind === 'content' || kind === 'command';
}

/** Returns a value, or its two ends if it is long. */
function endsOfFact(fact: RequestFact): Ends {
  const [linesMax, charactersMax] = isText(fact)
    ? [TEXT_LINES_MAX, TEXT_CHARACTERS_MAX]
    : [VALUE_LINES_MAX, VALUE_CHARACTERS_MAX];
  return endsOf(withLineBreaks(fact.value), linesMax, charactersMax, {
    hiddenCharacters: fact.hidden_characters ?? 0,
    ending: withLineBreaks(fact.ending ?? ''),
  });
}

/** Returns about how many lines of a phone some values take. */
function phoneLines({ short, facts }: Named): number {
  const texts = facts.map(endsOfFact).map(({ start, ending }) => start + ending);
  const text = [short, ...texts].join(' ');
  return text
    .split('\n')
    .map((line) => Math.max(1, Math.ceil(line.length / PHONE_LINE_CHARACTERS)))
    .reduce((sum, lines) => sum + lines, 0);
}

function Value({ named: { short, full, facts }, className }: { named: Named; className: string }) {
  const meaning = facts.map(meaningOf).find((one) => one !== null) ?? null;
  return (
    <div className={`min-w-0 ${className}`}>
      <dt className="inline text-soft" title={full}>
        <Visible text={short === '' ? 'name' : short} />
      </dt>{' '}
      {facts.map((fact, index) => (
        <dd key={fact.location} className="inline">
          {index > 0 && <span className="text-soft">, </span>}
          <Text fact={fact} />
          {/* The values of a list have one description. */}
          {index === facts.length - 1 && meaning !== null && (
            <span className="text-soft">
              {' — '}
              <Visible text={meaning} />
            </span>
          )}
        </dd>
      ))}
    </div>
  );
}

/** Shows a value, or its two ends with how much is between them. */
function Text({ fact }: { fact: RequestFact }) {
  const { start, hiddenCharacters, ending } = endsOfFact(fact);
  // Summaries of earlier versions do not say how much they leave out.
  const isCut = hiddenCharacters > 0 || fact.is_cut;
  return (
    <>
      <span className={VALUE}>
        <Visible text={start} />
      </span>
      {isCut && (
        <span className="text-warn">
          {' … '}
          {hiddenCharacters > 0
            ? `(${counted(hiddenCharacters, 'more character')})`
            : '(continues in the exact request)'}
          {ending !== '' && ' … '}
        </span>
      )}
      {ending !== '' && (
        <span className={VALUE}>
          <Visible text={ending} />
        </span>
      )}
    </>
  );
}

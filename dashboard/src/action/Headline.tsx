/** The title of a held request: what it would do. */
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { headline } from './headline';

/** Longer titles without a summary are cut: they come from the documentation, and the target follows. */
const TITLE_CHARACTERS = 120;

/** Shows the headline. Values of the request are set apart from the gateway's words. */
export function Headline({ action }: { action: Action }) {
  if (!action.summary) return <Cut text={headline(action)} length={TITLE_CHARACTERS} />;
  return action.summary.headline.map(({ text, is_value }, index) =>
    is_value ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the same value may appear twice
      <span key={index} className="font-mono text-[0.95em] break-words">
        <Visible text={text} />
      </span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the same words may appear twice
      <span key={index}>{text}</span>
    ),
  );
}

/** The main values of a request, on its card. */
import type { CardValue, Excerpt } from '#/action/card';
import { Visible } from '#/text/Visible';

/** Shows values with their short descriptions; an ellipsis marks a cut. */
export function CardFields({ values }: { values: readonly CardValue[] }) {
  return values.map(({ name, value, meaning, isQuoted }, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a name may appear twice
    <span key={index} className="mt-0.5 block text-xs">
      <span className="font-mono text-soft">
        <Piece of={name} />
      </span>{' '}
      <span className="font-mono font-semibold">
        {isQuoted && '“'}
        <Piece of={value} />
        {isQuoted && '”'}
      </span>
      {meaning !== null && (
        <span className="text-soft">
          {' — '}
          <Visible text={meaning} />
        </span>
      )}
    </span>
  ));
}

function Piece({ of }: { of: Excerpt }) {
  return (
    <>
      {of.isCutBefore && '…'}
      <Visible text={of.text} />
      {of.isCutAfter && '…'}
    </>
  );
}

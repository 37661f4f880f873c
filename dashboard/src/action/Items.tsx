/** The items of the lists in a request, one line for each. */
import { useState } from 'react';
import type { Action, HeadlinePart, RequestItems } from '#/client';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { linesOf, type Piece, SEPARATOR } from './headline';
import { shownItems } from './items';

/** Shows a list: its name and length, what all items have, then the items. */
export function Items({ action, list }: { action: Action; list: RequestItems }) {
  const [isOpen, setIsOpen] = useState(false);
  const { first, all } = shownItems(action, list);
  const items = isOpen ? all : first;
  const folded = all.length - first.length;
  const unlisted = list.count - all.length;
  return (
    <div className="text-sm">
      <p className="text-soft">
        <span className="font-medium text-ink">
          {list.count.toLocaleString('en')}
          {list.name === '' ? (
            ' items'
          ) : (
            <>
              {list.name.endsWith('s') ? ' ' : ' × '}
              <Visible text={list.name} />
            </>
          )}
        </span>
        {list.same.length > 0 && (
          <>
            {', all with '}
            <Line parts={list.same} />
          </>
        )}
      </p>
      <ol className="mt-0.5 space-y-0.5">
        {items.map((item) => (
          <li
            key={item.location}
            className={`border-l-2 pl-2 break-words ${item.is_odd ? 'border-warn' : 'border-line'}`}
          >
            <Line parts={item.line} />
            {item.is_odd && (
              <span className="text-xs font-medium text-warn"> differs from the others</span>
            )}
          </li>
        ))}
      </ol>
      {folded > 0 && (
        <Button
          tone="quiet"
          className="-ml-3 min-h-8! py-0!"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? 'Show fewer items' : `Show ${counted(folded, 'more item')}`}
        </Button>
      )}
      {unlisted > 0 && (
        <p className="text-warn">{counted(unlisted, 'more item')} in the exact request</p>
      )}
    </div>
  );
}

const PIECES: Record<Piece['kind'], string> = {
  words: 'text-soft',
  name: 'text-soft',
  value: 'font-mono text-[0.8rem] font-semibold',
};

function Line({ parts }: { parts: readonly HeadlinePart[] }) {
  // The parts before the first separator are like the title of a headline, unless a name is first.
  const [first] = parts;
  const isNamed = first?.is_value && parts[1]?.text === ' ' && parts[2]?.is_value;
  const lines = linesOf(isNamed ? [{ text: SEPARATOR, is_value: false }, ...parts] : parts);
  const pieces = lines.flat();
  return (isNamed ? pieces.slice(1) : pieces).map(({ text, kind }, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the same text may appear twice
    <span key={at} className={PIECES[kind]}>
      {kind === 'words' ? text : <Visible text={text} />}
    </span>
  ));
}

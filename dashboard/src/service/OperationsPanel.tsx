/** The documented operations of a service. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useDeferredValue, useState } from 'react';
import { ALL_EFFECTS, EFFECTS, isEffect } from '#/action/effect';
import type { Operation, OperationEffect } from '#/client';
import { listOperationsInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { FIELD } from '#/ui/Field';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';

const OPERATIONS_PER_PAGE = 30;

/** Lists and searches the operations. */
export function OperationsPanel({
  serviceId,
  onTry,
}: {
  serviceId: number;
  onTry: (operation: Operation) => void;
}) {
  const [words, setWords] = useState('');
  const [effect, setEffect] = useState<OperationEffect>();
  const q = useDeferredValue(words.trim());
  const operations = useInfiniteQuery({
    ...listOperationsInfiniteOptions({
      path: { id: serviceId },
      query: { limit: OPERATIONS_PER_PAGE, ...(q !== '' && { q }), ...(effect && { effect }) },
    }),
    initialPageParam: { path: { id: serviceId } },
    getNextPageParam: nextCursor,
    placeholderData: keepPreviousData,
  });
  return (
    <Panel title="Operations">
      <div className="space-y-3">
        <div className="grid gap-2 sm:grid-cols-[minmax(0,1fr)_minmax(0,13rem)]">
          <input
            type="search"
            aria-label="Search operations"
            placeholder="Search by word, ID, or path"
            maxLength={200}
            value={words}
            onChange={(event) => setWords(event.target.value)}
            className={FIELD}
          />
          <select
            aria-label="Filter by effect"
            value={effect ?? ''}
            onChange={({ target: { value } }) => setEffect(isEffect(value) ? value : undefined)}
            className={FIELD}
          >
            <option value="">All effects</option>
            {ALL_EFFECTS.map((word) => (
              <option key={word} value={word}>
                {EFFECTS[word].word}
              </option>
            ))}
          </select>
        </div>
        <Pages
          query={operations}
          empty={
            <p role="status" className="text-sm text-soft">
              {q === '' && !effect ? 'No operations yet. Add a document.' : 'No operations match.'}
            </p>
          }
        >
          {(items) => (
            <ul className="divide-y divide-line">
              {items.map((operation, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: two documents may name the same operation
                <OperationItem key={index} operation={operation} onTry={onTry} />
              ))}
            </ul>
          )}
        </Pages>
      </div>
    </Panel>
  );
}

/** Returns whether a method only reads. */
const isSafe = (method: string) => method === 'GET' || method === 'HEAD';

function OperationItem({
  operation,
  onTry,
}: {
  operation: Operation;
  onTry: (operation: Operation) => void;
}) {
  const { method, path, summary, deprecated } = operation;
  const effect = EFFECTS[operation.effect];
  return (
    <li className="flex items-start justify-between gap-3 py-2">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1 font-mono text-[0.8rem]">
          <strong>{method}</strong> <Visible text={path} />
          <Badge tone={effect.isIrreversible ? 'bad' : 'soft'}>{effect.word}</Badge>
          {deprecated && <Badge tone="warn">Deprecated</Badge>}
        </p>
        {summary && (
          <p className="mt-0.5 text-sm text-soft">
            <Visible text={summary} />
          </p>
        )}
      </div>
      {isSafe(method) && (
        <Button onClick={() => onTry(operation)} aria-label={`Try ${method} ${path}`}>
          Try
        </Button>
      )}
    </li>
  );
}

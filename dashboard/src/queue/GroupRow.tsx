/** A group of similar requests, as one entry of the list. */
import { Rows3 } from 'lucide-react';
import { memo, useMemo } from 'react';
import { EffectTag } from '#/action/EffectTag';
import { effectOf, effectWord } from '#/action/effect';
import type { Action } from '#/client';
import { counted } from '#/text/count';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { sumOf } from './amount';
import type { Group } from './groups';

/** Shows what the requests have in common, how many there are, and the sum of their amounts. */
export const GroupRow = memo(function GroupRow({
  group,
  isSelected,
  isTabStop,
  onOpen,
}: {
  group: Group;
  isSelected: boolean;
  isTabStop: boolean;
  onOpen: (group: Group) => void;
}) {
  const { actions } = group;
  const [first] = actions;
  const sum = useMemo(() => sumOf(actions), [actions]);
  if (!first) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: the list has parts between it and its items
    <div role="listitem">
      <button
        type="button"
        tabIndex={isTabStop ? 0 : -1}
        data-entry={first.action_id}
        data-group={actions.length}
        aria-current={isSelected ? 'true' : undefined}
        onClick={() => onOpen(group)}
        className={`my-1 block w-full scroll-my-24 rounded-lg border bg-panel p-3 text-left hover:bg-raised ${isSelected ? 'border-brand ring-1 ring-brand ring-inset' : 'border-line'}`}
      >
        <span className="flex flex-wrap items-center gap-x-3 text-xs text-soft">
          <EffectTag effect={effectOf(first)} word={effectWord(first)} />
          <span className="ml-auto inline-flex items-center gap-1">
            <Rows3 aria-hidden className="size-3.5" /> {counted(actions.length, 'similar request')}
          </span>
        </span>
        <span className="mt-1 block font-semibold">
          <Visible text={titleOf(group)} />
        </span>
        <span className="block text-xs text-soft">
          <Visible text={first.agent_name} /> → <Visible text={first.service_name} />
        </span>
        <span className="line-clamp-2 font-mono text-xs text-soft">
          {first.method} <Visible text={commonPath(actions)} />
        </span>
        {sum && (
          <span className="mt-1 block text-sm">
            <Visible text={`${sum.min}–${sum.max}`} /> · total{' '}
            <strong>
              <Visible text={sum.total} />
            </strong>
          </span>
        )}
      </button>
    </div>
  );
});

/** Returns the path with a star for each part that differs. */
function commonPath(actions: readonly Action[]): string {
  const [first = [], ...others] = actions.map(({ target_url }) =>
    splitTarget(target_url).path.split('/'),
  );
  if (others.some(({ length }) => length !== first.length))
    return `${first.slice(0, 2).join('/')}/…`;
  return first
    .map((part, at) => (others.every((other) => other[at] === part) ? part : '*'))
    .join('/');
}

/** Returns what the requests of a group do: the operation, else the gateway's words of the headline. */
export function titleOf({ actions: [first] }: Group): string {
  if (!first) return '';
  if (first.operation?.summary) return first.operation.summary;
  const parts = first.summary?.headline ?? [];
  // The values differ from request to request, and so do the details behind the sentence.
  const text = parts.map(({ text, is_value }) => (is_value ? VALUE : text)).join('');
  const [sentence = ''] = text.split(DETAILS);
  return sentence.replaceAll(PLACES, '').replaceAll(VALUE, '…').trim() || first.method;
}

/** Stands for a value in a headline. */
const VALUE = '\uE000';

/** Where the sentence of a headline ends and its details begin. */
const DETAILS = / · |: ?“?/;

/** Values at the end of a sentence, with the words before them: to whom, in what. */
const PLACES =
  /(,? ?(and \d+ more|(at|by|for|from|in|of|on|to|with)? ?[\uE000/]+( \([\uE000, ]+\))?))+$/g;

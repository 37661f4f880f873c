/** Searching, narrowing, ordering, and grouping the queue. */
import { ListFilter } from 'lucide-react';
import { type RefObject, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ALL_EFFECTS, EFFECTS, effectOf } from '#/action/effect';
import type { Action } from '#/client';
import { Visible } from '#/text/Visible';
import { FIELD } from '#/ui/Field';
import { useIsWide } from './media';
import { SORTS, type Sort, type View } from './view';

/** The chips of a kind; the search finds the others. */
const CHIPS_MAX = 8;

/** From this many chips on, those of a side-by-side layout are folded: they would push the list down. */
const FOLDED_CHIPS_MIN = 7;

const CHIP =
  'inline-flex min-h-8 max-w-52 shrink-0 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium';

/** The pause between two letters after which the queue is searched, in milliseconds. */
const PAUSE_MS = 100;

const SORT_NAMES: Record<Sort, string> = { expiry: 'Expires first', risk: 'Highest risk first' };

/** Shows the controls. `all` are the pending requests before they are narrowed. */
export function Toolbar({
  all,
  view,
  groupCount,
  searchField,
  onView,
  onSearched,
}: {
  all: readonly Action[];
  view: View;
  /** How many groups of similar requests there are. */
  groupCount: number;
  searchField: RefObject<HTMLInputElement | null>;
  onView: (change: Partial<View>) => void;
  /** Called before the view changes to what a press of Enter searches for. */
  onSearched: () => void;
}) {
  const [text, setText] = useState(view.q ?? '');
  const asked = useRef(text);
  // The field follows the URL only if something else changed it, such as Back: the URL changes a
  // moment after the letters, when there may be more of them.
  useEffect(() => {
    const q = view.q ?? '';
    if (asked.current === q) return;
    asked.current = q;
    setText(q);
  }, [view.q]);
  const search = useCallback(
    (q: string) => {
      asked.current = q;
      onView({ q: q === '' ? undefined : q });
    },
    [onView],
  );
  useEffect(() => {
    if (text === asked.current) return;
    // The letters come first: the list follows once the user pauses.
    const timer = setTimeout(() => search(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, search]);
  // Counted once for each queue, because every key press renders this.
  const { agents, services, effects } = useMemo(() => countsOf(all), [all]);
  const [isOpen, setIsOpen] = useState(false);
  const chipCount = [agents, services, effects].reduce(
    (sum, { length }) => sum + (length < 2 ? 0 : Math.min(length, CHIPS_MAX)),
    0,
  );
  // On a phone, they are one line that scrolls.
  const isFoldable = useIsWide() && chipCount >= FOLDED_CHIPS_MIN;
  const isFolded = isFoldable && !isOpen;
  return (
    <div className="space-y-2">
      <div className="flex gap-2">
        <input
          ref={searchField}
          type="search"
          aria-label="Search pending requests"
          placeholder="Search requests"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={({ key, currentTarget }) => {
            if (key === 'Escape') currentTarget.blur();
            if (key !== 'Enter') return;
            onSearched();
            search(text);
          }}
          className={`min-w-0 flex-1 ${FIELD}`}
        />
        <select
          aria-label="Order"
          value={view.sort ?? ''}
          onChange={({ target }) => onView({ sort: SORTS.find((sort) => sort === target.value) })}
          className={`${FIELD} w-auto! shrink-0`}
        >
          <option value="">Oldest first</option>
          {SORTS.map((sort) => (
            <option key={sort} value={sort}>
              {SORT_NAMES[sort]}
            </option>
          ))}
        </select>
      </div>
      <fieldset
        aria-label="Narrow the queue"
        className="-mx-1 flex gap-1.5 overflow-x-auto p-1 lg:flex-wrap"
      >
        {(groupCount > 0 || view.grouped) && (
          <Chip
            isOn={view.grouped === true}
            count={groupCount}
            onToggle={(isOn) => onView({ grouped: isOn ? true : undefined })}
          >
            Group similar
          </Chip>
        )}
        {isFoldable && (
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => setIsOpen(!isOpen)}
            className={`${CHIP} border-line bg-panel hover:bg-raised`}
          >
            <ListFilter aria-hidden className="size-3.5" />
            {isOpen ? 'Hide filters' : 'Show filters'}
          </button>
        )}
        <Chips
          values={effects}
          chosen={view.effect}
          isFolded={isFolded}
          onChoose={(effect) => onView({ effect })}
        />
        <Chips
          values={agents}
          chosen={view.agent}
          isFolded={isFolded}
          onChoose={(agent) => onView({ agent })}
        />
        <Chips
          values={services}
          chosen={view.service}
          isFolded={isFolded}
          onChoose={(service) => onView({ service })}
        />
      </fieldset>
    </div>
  );
}

interface Counted<Value> {
  value: Value;
  name: string;
  count: number;
}

function countsOf(all: readonly Action[]) {
  const effects = counts(all, (action) => {
    const effect = effectOf(action);
    return [effect, EFFECTS[effect].word];
  });
  effects.sort((a, b) => ALL_EFFECTS.indexOf(a.value) - ALL_EFFECTS.indexOf(b.value));
  return {
    effects,
    agents: counts(all, ({ agent_id, agent_name }) => [agent_id, agent_name]),
    services: counts(all, ({ service_id, service_name }) => [service_id, service_name]),
  };
}

function counts<Value>(
  all: readonly Action[],
  of: (action: Action) => [value: Value, name: string],
): Counted<Value>[] {
  const found = new Map<Value, Counted<Value>>();
  for (const action of all) {
    const [value, name] = of(action);
    const known = found.get(value);
    if (known) known.count += 1;
    else found.set(value, { value, name, count: 1 });
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

/**
 * Shows a chip for each value, folded only for the chosen one; renders nothing if all requests have the
 * same value.
 */
function Chips<Value extends string | number>({
  values,
  chosen,
  isFolded,
  onChoose,
}: {
  values: readonly Counted<Value>[];
  chosen: Value | undefined;
  isFolded: boolean;
  onChoose: (value: Value | undefined) => void;
}) {
  if (values.length < 2 && chosen === undefined) return null;
  return values
    .filter(({ value }, at) => (!isFolded && at < CHIPS_MAX) || value === chosen)
    .map(({ value, name, count }) => (
      <Chip
        key={value}
        isOn={value === chosen}
        count={count}
        onToggle={(isOn) => onChoose(isOn ? value : undefined)}
      >
        <Visible text={name} />
      </Chip>
    ));
}

function Chip({
  isOn,
  count,
  onToggle,
  children,
}: {
  isOn: boolean;
  count: number;
  onToggle: (isOn: boolean) => void;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onClick={() => onToggle(!isOn)}
      className={`${CHIP} ${isOn ? 'border-brand bg-brand text-brand-ink' : 'border-line bg-panel hover:bg-raised'}`}
    >
      <span className="truncate">{children}</span>
      <span className={isOn ? '' : 'text-soft'}>{count.toLocaleString('en')}</span>
    </button>
  );
}

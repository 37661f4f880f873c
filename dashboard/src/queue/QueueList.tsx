/** The list of pending requests: cards, rows where there is room for the request next to them. */
import { memo, useCallback, useEffect, useRef, useState } from 'react';
import type { Action } from '#/client';
import { Card } from './Card';
import type { Submission } from './Decisions';
import { GroupRow } from './GroupRow';
import type { Group } from './groups';
import type { Armed, Presses } from './usePresses';
import { SEEN_MS } from './useSubject';
import type { Direction } from './useSwipe';

/**
 * How many rows, and how many cards, are drawn together. A part that is far from the screen is an
 * empty box of its height, so that ten thousand requests scroll like ten.
 */
const PART_ROWS = 8;
const PART_CARDS = 12;

/** How many parts of rows, and of cards, fill a screen before it is known which are on it. */
const FIRST_ROW_PARTS = 2;
const FIRST_CARD_PARTS = 1;

/** How far from the screen entries are drawn, as a margin in CSS. */
const DRAWN_MARGIN = '800px';

/** The height of an entry that was never drawn, in pixels. */
const CARD_PX = 190;
const ROW_PX = 58;

/** The properties that all entries share. Each keeps its identity while nothing changes. */
export interface ListProps {
  isDense: boolean;
  isOffline: boolean;
  presses: Presses;
  submissions: ReadonlyMap<string, Submission>;
  failures: ReadonlyMap<string, string>;
  picked: ReadonlySet<string>;
  onSwipe: (action: Action, direction: Direction) => void;
  onPick: (id: string) => void;
  onOpenGroup: (group: Group) => void;
}

/** Lists requests. Groups of one are single requests. */
export function QueueList({
  entries,
  selectedId,
  ...props
}: ListProps & { entries: readonly Group[]; selectedId: string | undefined }) {
  const isStill = useStillness(entries);
  const size = props.isDense ? PART_ROWS : PART_CARDS;
  const parts: Group[][] = [];
  for (let at = 0; at < entries.length; at += size) {
    parts.push(entries.slice(at, at + size));
  }
  const selectedAt = entries.findIndex((entry) => holds(entry, selectedId));
  return (
    // Arrow keys and j/k move through it: only one entry is a tab stop.
    // biome-ignore lint/a11y/useSemanticElements: its items are within parts
    <div role="list" aria-label="Pending requests">
      {parts.map((part, index) => {
        const isSelected = Math.floor(selectedAt / size) === index;
        return (
          <Part
            // biome-ignore lint/suspicious/noArrayIndexKey: a part is a place in the list
            key={index}
            entries={part}
            isFirst={index < (props.isDense ? FIRST_ROW_PARTS : FIRST_CARD_PARTS)}
            selectedId={isSelected ? selectedId : undefined}
            // Without a selection, the first entry is the tab stop.
            hasTabStop={isSelected || (selectedAt < 0 && index === 0)}
            armed={
              part.some((entry) => holds(entry, props.presses.armed?.id))
                ? props.presses.armed
                : null
            }
            isPausing={props.presses.armed !== null && props.presses.isPausing}
            lapsedId={
              part.some((entry) => holds(entry, props.presses.lapsedId ?? undefined))
                ? props.presses.lapsedId
                : null
            }
            onConfirm={props.presses.confirm}
            isStill={isStill}
            {...props}
          />
        );
      })}
    </div>
  );
}

function holds({ actions }: Group, id: string | undefined): boolean {
  return id !== undefined && actions.some(({ action_id }) => action_id === id);
}

/**
 * Returns a function that says whether the cards have not moved for a while, so that a finger means
 * the card it touches.
 */
function useStillness(entries: readonly Group[]): () => boolean {
  const ids = entries.map(({ key }) => key).join(' ');
  const last = useRef({ ids: '', changedAt: 0 });
  useEffect(() => {
    // New requests are appended and move nothing.
    const isMoved = last.current.ids === '' || !ids.startsWith(last.current.ids);
    last.current = { ids, changedAt: isMoved ? performance.now() : last.current.changedAt };
  }, [ids]);
  return useCallback(() => performance.now() - last.current.changedAt >= SEEN_MS, []);
}

type PartProps = Omit<ListProps, 'presses'> & {
  entries: readonly Group[];
  isFirst: boolean;
  selectedId: string | undefined;
  hasTabStop: boolean;
  armed: Armed | null;
  isPausing: boolean;
  /** The request whose confirmation closed by itself. */
  lapsedId: string | null;
  onConfirm: (isConfirmed: boolean) => void;
  isStill: () => boolean;
};

/** Some entries, drawn while they are near the screen. */
const Part = memo(function Part({
  entries,
  isFirst,
  selectedId,
  hasTabStop,
  isDense,
  onOpenGroup,
  ...card
}: PartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isNear, setIsNear] = useState(isFirst);
  const height = useRef<number | null>(null);
  useEffect(() => {
    if (!box.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (!entry.isIntersecting) height.current = entry.boundingClientRect.height;
        setIsNear(entry.isIntersecting);
      },
      { rootMargin: DRAWN_MARGIN },
    );
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  if (!isNear && selectedId === undefined) {
    const guess = entries.length * (isDense ? ROW_PX : CARD_PX);
    return <div ref={box} style={{ height: height.current ?? guess }} />;
  }
  return (
    <div ref={box} className={isDense ? '' : 'space-y-2 pb-2'}>
      {entries.map((entry, index) => {
        const [first, second] = entry.actions;
        if (!first) return null;
        const isTabStop = hasTabStop && (selectedId ? holds(entry, selectedId) : index === 0);
        if (second) {
          return (
            <GroupRow
              key={entry.key}
              group={entry}
              isSelected={holds(entry, selectedId)}
              isTabStop={isTabStop}
              onOpen={onOpenGroup}
            />
          );
        }
        const id = first.action_id;
        const armed = card.armed?.id === id ? card.armed : null;
        return (
          <Card
            key={id}
            action={first}
            isDense={isDense}
            isOffline={card.isOffline}
            isSelected={id === selectedId}
            isTabStop={isTabStop}
            isPicked={card.picked.has(id)}
            armed={armed}
            isPausing={armed !== null && card.isPausing}
            hasLapsed={card.lapsedId === id}
            submission={card.submissions.get(id)}
            failure={card.failures.get(id)}
            isStill={card.isStill}
            onConfirm={card.onConfirm}
            onSwipe={card.onSwipe}
            onPick={card.onPick}
          />
        );
      })}
    </div>
  );
}, isSamePart);

/** Compares entries by their requests, because each change of the queue makes new groups. */
function isSamePart(before: PartProps, after: PartProps): boolean {
  const isSame = (Object.keys(after) as Array<keyof PartProps>).every(
    (name) => name === 'entries' || Object.is(before[name], after[name]),
  );
  return (
    isSame &&
    before.entries.length === after.entries.length &&
    before.entries.every((entry, at) => isSameGroup(entry, after.entries[at]))
  );
}

function isSameGroup(one: Group, other: Group | undefined): boolean {
  return (
    one.key === other?.key &&
    one.actions.length === other.actions.length &&
    one.actions.every((action, at) => action === other.actions[at])
  );
}

/** The items of lists in a request: which of them are shown, and which of their values. */
import type { Action, RequestFact, RequestItem, RequestItems } from '#/client';
import { signalsOf } from './signals';

/** How many lines of a list are shown before the rest is folded, those that matter aside. */
const LINES_MAX = 6;

/** Operations of a patch, which a line says with an arrow or in words. */
const PATCHES = /^(add|remove|replace|test)$/i;

/** An item as a card shows it. */
export interface ShownItem extends RequestItem {
  /** Whether a reason for holding the request points to the item. */
  isMarked: boolean;
}

/** Returns the lists of a request whose items have lines of their own; summaries of earlier versions lack them. */
export function listsOf({ summary }: Pick<Action, 'summary'>): readonly RequestItems[] {
  return summary?.items ?? [];
}

/**
 * Returns the items that are shown while a list is folded, and all of them. One that differs from the others, and one
 * that a reason points to, is never folded.
 */
export function shownItems(
  action: Action,
  list: RequestItems,
): { first: ShownItem[]; all: ShownItem[] } {
  const pointers = signalsOf(action)
    .filter(({ weight, evidence }) => weight > 0 && evidence.startsWith('/'))
    .map(({ evidence }) => `body${evidence}`);
  const marked = list.items.map((item) => ({
    ...item,
    isMarked: pointers.some((one) => isWithin(one, item.location)),
  }));
  // A reason that points to most of them says nothing about one.
  const isDistinct = marked.filter(({ isMarked }) => isMarked).length * 2 <= marked.length;
  const rank = ({ isMarked, is_odd }: ShownItem) => (is_odd ? 0 : isMarked && isDistinct ? 1 : 2);
  const all = marked.toSorted((one, other) => rank(one) - rank(other));
  return { first: all.filter((item, at) => at < LINES_MAX || item.is_odd || item.isMarked), all };
}

/** Returns whether a fact is one of the values of an item, which has a line of its own. */
export function isInItem(action: Pick<Action, 'summary'>, { location }: RequestFact): boolean {
  return listsOf(action).some(
    (list) => location === list.location || itemOf(list, location) !== null,
  );
}

/** Returns whether the line of its item, or what all items have, shows a value of the request. */
export function isInLine(
  action: Pick<Action, 'summary'>,
  { location, value }: { location: string; value: string },
): boolean {
  return listsOf(action).some((list) => {
    const item = itemOf(list, location);
    if (item === null) return false;
    if (location === `${item}/op` && PATCHES.test(value)) return true;
    const lines = [item, lineBefore(item)].flatMap(
      (known) => list.items.find((one) => one.location === known)?.line ?? [],
    );
    const texts = [...list.same, ...lines];
    // An amount is formatted for people, and a mark of what is deleted is said in words.
    const wanted = plain(value);
    return wanted !== '' && texts.some(({ text }) => plain(text).includes(wanted));
  });
}

/** Returns whether a value belongs to an item of a list that has lines. */
export function isOfItem(action: Pick<Action, 'summary'>, location: string): boolean {
  return listsOf(action).some((list) => itemOf(list, location) !== null);
}

/** Returns the location of the item of a list that a value belongs to. */
function itemOf(list: RequestItems, location: string): string | null {
  if (!location.startsWith(`${list.location}/`)) return null;
  const [index = ''] = location.slice(list.location.length + 1).split('/');
  return /^\d+$/.test(index) ? `${list.location}/${index}` : null;
}

/** Returns the line before one: a document in a bulk request is on the line after its act. */
function lineBefore(item: string): string {
  return item.replace(/^body\/(\d+)$/, (_, line: string) => `body/${Number(line) - 1}`);
}

function isWithin(location: string, outer: string): boolean {
  return location === outer || location.startsWith(`${outer}/`);
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

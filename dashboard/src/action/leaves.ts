/** Every value of a request: its query, its unusual headers, and its body, whatever the format. */
import type { Action, RequestFact } from '#/client';
import { jsonLeaves } from '#/text/json';
import { splitTarget } from '#/text/target';
import { isShownCurrency, PLAIN_HEADERS } from './card';
import { batchLeaves, multipartLeaves, xmlLeaves } from './formats';
import { isInLine, isOfItem } from './items';
import { bodyValues, lineLeaves } from './requestValues';
import { isLabeledSecret, isSecret } from './secrets';

/** A value and its place. */
export interface Leaf {
  /** `query/NAME`, `header/NAME`, or `body` followed by a JSON pointer. */
  location: string;
  value: string;
}

/** Values with the same place, such as those of one item of a list. */
export interface LeafGroup {
  /** The place that they have in common; empty for the request itself. */
  place: string;
  values: Array<{ name: string; value: string }>;
}

/** A request with more values, or with longer ones, is read as a whole and not as a list. */
const LEAVES_MAX = 30;
const CHARACTERS_MAX = 1_500;

/** Headers that say how a request is sent, in addition to those that say nothing on a card. */
const FORMAL_HEADERS =
  /^(accept|content|if-none-match|origin|referer|sec-|traceparent|tracestate|x-request-id)/i;

/** Shown for a container without members: a filter without a condition selects everything. */
const EMPTY = { object: '{} (empty)', list: '[] (empty)', text: '"" (empty)' } as const;

/** The beginning of a GraphQL document. */
const GRAPHQL = /^\s*(query|mutation|subscription|fragment|\{)[\s\S]*\{/;

const cache = new WeakMap<Action, readonly Leaf[] | null>();

/**
 * Returns all values of a request if it is small enough to list them; null if it is not, or if its body cannot be read.
 */
export function leavesOf(action: Action): readonly Leaf[] | null {
  const known = cache.get(action);
  if (known !== undefined) return known;
  const found = findLeaves(action);
  cache.set(action, found);
  return found;
}

/**
 * Returns the values that neither the headline nor the shown facts have, by their places; null if the request is too
 * large to list them.
 */
export function leavesBeyond(action: Action, shown: readonly RequestFact[]): LeafGroup[] | null {
  const leaves = leavesOf(action);
  if (leaves === null) return null;
  const body = bodyValues(action);
  const isShown = ({ location, value }: Leaf) => {
    // A GraphQL document is read in the exact request, which has it as it is.
    if (/^body(\/\d+)?\/query$/.test(location) && GRAPHQL.test(value)) return true;
    if (isInLine(action, { location, value })) return true;
    const fact = shown.find((one) => one.location === location);
    if (fact) return !fact.is_cut;
    if (isInList(location, leaves, shown)) return true;
    if (isJoined(location, value, shown)) return true;
    const pointer = location.startsWith('body') ? location.slice('body'.length) : null;
    return pointer !== null && isShownCurrency({ pointer, value }, body, shown);
  };
  // The values of an item say what they are only together: whose role, whose amount.
  const places = new Set(
    leaves.filter((leaf) => !isShown(leaf)).map(({ location }) => placeOf(location).place),
  );
  return grouped(
    leaves.filter((leaf) => {
      const { place } = placeOf(leaf.location);
      // The lines of the items have the rest of them.
      const isAlone = place === '' || isOfItem(action, leaf.location);
      return isAlone ? !isShown(leaf) : places.has(place);
    }),
    leaves,
  );
}

/** Returns whether one fact has all texts of the list that a value belongs to: `3: a, b, c`. */
function isInList(
  location: string,
  leaves: readonly Leaf[],
  shown: readonly RequestFact[],
): boolean {
  const list = location.replace(/\/\d+$/, '');
  const fact = list === location ? undefined : shown.find((one) => one.location === list);
  if (!fact) return false;
  const items = leaves.filter((one) => one.location.replace(/\/\d+$/, '') === list);
  return fact.value === `${items.length}: ${items.map(({ value }) => value).join(', ')}`;
}

/** Returns whether one fact has several values of an object, such as an address in one line. */
function isJoined(location: string, value: string, shown: readonly RequestFact[]): boolean {
  const parent = location.replace(/\/[^/]*$/, '');
  return shown.some(
    (one) => one.location === parent && !one.is_cut && value !== '' && one.value.includes(value),
  );
}

function findLeaves(action: Action): Leaf[] | null {
  if (action.body_truncated || action.headers_truncated || action.unreadable) return null;
  const body = bodyLeaves(action);
  if (body === null) return null;
  const leaves = [...queryLeaves(action), ...headerLeaves(action), ...body];
  const characters = leaves.reduce(
    (sum, { location, value }) => sum + location.length + value.length,
    0,
  );
  return leaves.length <= LEAVES_MAX && characters <= CHARACTERS_MAX ? leaves : null;
}

function queryLeaves(action: Action): Leaf[] {
  return splitTarget(action.target_url).query.map(({ decoded }) => {
    const [name = '', ...rest] = decoded.split('=');
    return { location: `query/${name}`, value: rest.join('=') };
  });
}

function headerLeaves(action: Action): Leaf[] {
  return Object.entries(action.request_headers ?? {}).flatMap(([name, values]) => {
    const texts = [values].flat().map(String);
    const isPlain = texts.every((value) => PLAIN_HEADERS[name.toLowerCase()]?.test(value));
    if (isPlain || FORMAL_HEADERS.test(name)) return [];
    return texts.map((value) => ({ location: `header/${name.toLowerCase()}`, value }));
  });
}

function bodyLeaves(action: Action): Leaf[] | null {
  const body = action.decompressed_body ?? action.request_body;
  if (body === '') return [];
  const isText = (action.decompressed_body ?? null) !== null || action.body_encoding === 'utf8';
  if (!isText || body.length > CHARACTERS_MAX * LEAVES_MAX) return null;
  const type = contentType(action);
  const inBody = (pointer: string, value: string) => ({ location: `body${pointer}`, value });
  if (type.includes('x-www-form-urlencoded')) {
    return bodyValues(action).map(({ pointer, value }) => inBody(pointer, value || EMPTY.text));
  }
  const values =
    batchLeaves(body, type) ??
    multipartLeaves(body, type) ??
    (body.trimStart().startsWith('<') ? xmlLeaves(body) : null) ??
    withEmpty(body, jsonLeaves(body)) ??
    lineLeaves(body);
  // Anything else is one text.
  return (values ?? [{ pointer: '', value: body }]).map(({ pointer, value }) =>
    inBody(pointer, value),
  );
}

function contentType(action: Action): string {
  const entries = Object.entries(action.request_headers ?? {});
  return String(entries.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '');
}

/** Returns the scalars of a JSON text and its empty containers; null if the text is not JSON. */
function withEmpty(
  body: string,
  scalars: ReadonlyArray<{ pointer: string; value: string }>,
): Array<{ pointer: string; value: string }> | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return null;
  }
  const found = scalars.map(({ pointer, value }) => ({ pointer, value: value || EMPTY.text }));
  const visit = (value: unknown, pointer: string) => {
    if (typeof value !== 'object' || value === null) return;
    const members = Object.entries(value);
    if (members.length === 0) {
      found.push({ pointer, value: Array.isArray(value) ? EMPTY.list : EMPTY.object });
    }
    for (const [name, member] of members) {
      visit(member, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    }
  };
  visit(parsed, '');
  return found;
}

/** Returns values by the item of a list that they belong to. A secret is named, and its text is not shown. */
function grouped(leaves: readonly Leaf[], all: readonly Leaf[]): LeafGroup[] {
  const groups: LeafGroup[] = [];
  const root = rootOf(all);
  for (const { location, value } of leaves) {
    const { place, name } = placeOf(location.replace(root, 'body'));
    const shown = {
      name,
      value:
        isSecret(name, value) || isLabeledSecret(location, leaves)
          ? `(secret, ${value.length.toLocaleString('en')} characters: see the exact request)`
          : value,
    };
    const last = groups.at(-1);
    if (last && place !== '' && last.place === place) last.values.push(shown);
    else groups.push({ place, values: [shown] });
  }
  return groups;
}

/** Returns the place that all values of a body are in, which says nothing about any of them: `body/Document`. */
function rootOf(leaves: readonly Leaf[]): string {
  const paths = leaves
    .filter(({ location }) => location.startsWith('body/'))
    .map(({ location }) => location.split('/'));
  const [first = []] = paths;
  if (paths.length < 2) return 'body';
  const shared = first.findIndex(
    (part, at) =>
      /^\d+$/.test(first[at + 1] ?? '') ||
      paths.some((path) => path[at] !== part || at >= path.length - 1),
  );
  return first.slice(0, Math.max(1, shared)).join('/');
}

/** Splits a location at its last index: `items[0]` and `amount.value`. */
function placeOf(location: string): { place: string; name: string } {
  if (location.startsWith('query/')) return { place: '', name: `?${location.slice(6)}` };
  if (location.startsWith('header/')) return { place: '', name: `${location.slice(7)}:` };
  const parts = location
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (parts.length === 0) return { place: '', name: 'body' };
  const at = parts.findLastIndex((part) => /^\d+$/.test(part));
  // An item that is a value itself has the name of its list.
  const from = at === parts.length - 1 ? 0 : at + 1;
  return { place: dotted(parts.slice(0, from)), name: dotted(parts.slice(from)) };
}

function dotted(parts: readonly string[]): string {
  return parts
    .filter((part) => part !== '')
    .map((part, at) => (/^\d+$/.test(part) ? `[${part}]` : at === 0 ? part : `.${part}`))
    .join('');
}

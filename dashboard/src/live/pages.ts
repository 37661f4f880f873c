/** Keeps paginated lists up to date: only the page with the newest entries, and pages with a change, are fetched. */
import type { InfiniteData, Query, QueryClient } from '@tanstack/react-query';
import { listAudit, listRequests } from '#/client';

/** An entry of a list whose newest entries come first. */
interface Entry {
  id: number;
  action_id?: string | null;
}

/** A page of such a list. */
interface Page {
  items: Entry[];
  next_cursor: string | null;
}

/** The pages fetched so far. */
type Pages = InfiniteData<Page, unknown>;

/** The lists, by operationId. */
const LISTS = { listRequests, listAudit } as const;

/**
 * How many entries the first page collects before all pages are fetched again, so that a list that is
 * open for days does not grow without limit. Four times the size of a page.
 */
const FIRST_PAGE_MAX = 200;

/** Returns whether a query is a paginated list of this module. */
export function isPaginated({ queryKey }: Query): boolean {
  const { _id, _infinite } = partsOf(queryKey);
  return _infinite === true && _id !== undefined && Object.hasOwn(LISTS, _id);
}

/**
 * Brings a list up to date after events. `changed` are the actions whose state has changed. Returns false
 * if the list is being fetched for another reason, so that this has to be done again.
 */
export async function refreshPages(
  queries: QueryClient,
  query: Query,
  changed: ReadonlySet<string>,
): Promise<boolean> {
  const { queryKey } = query;
  const all = (refetchType: 'active' | 'none') =>
    queries.invalidateQueries({ queryKey, exact: true, refetchType });
  if (!query.isActive()) {
    await all('none');
    return true;
  }
  // Fetching all pages now would cancel the fetch of the next one.
  if (query.state.fetchStatus !== 'idle') return false;
  const before = query.state.data as Pages | undefined;
  if (!before || before.pages.length < 2) {
    await all('active');
    return true;
  }
  // If it fails, the usual fetch reports the error.
  const after = await updated(queryKey, before, changed).catch(() => undefined);
  if (query.state.data !== before || query.state.fetchStatus !== 'idle') return false;
  if (after) queries.setQueryData(queryKey, after);
  else await all('active');
  return true;
}

/** Returns the pages with what has changed; undefined if all have to be fetched again. */
async function updated(
  queryKey: Query['queryKey'],
  before: Pages,
  changed: ReadonlySet<string>,
): Promise<Pages | undefined> {
  // Entries enter and leave a list that is filtered by status, so its pages begin elsewhere.
  if (changed.size > 0 && partsOf(queryKey).query?.action_status !== undefined) return undefined;
  const newest = await fetchPage(queryKey, undefined);
  const data = withNewest(before, newest);
  const stale = data && stalePages(data, newest, changed);
  if (!data || !stale) return undefined;
  const pages = [...data.pages];
  for (const at of stale) {
    const fetched = await fetchPage(queryKey, data.pageParams[at]);
    if (fetched.next_cursor !== pages[at]?.next_cursor) return undefined;
    pages[at] = fetched;
  }
  return { ...data, pages };
}

/** Returns the pages with the newest entries; undefined if there may be others between them. */
export function withNewest({ pages, pageParams }: Pages, newest: Page): Pages | undefined {
  const [first, ...others] = pages;
  const last = newest.items.at(-1);
  if (!first || !last || newest.next_cursor === null) {
    return { pages: [newest], pageParams: pageParams.slice(0, 1) };
  }
  const at = first.items.findIndex(({ id }) => id === last.id);
  if (at < 0) return undefined;
  const items = [...newest.items, ...first.items.slice(at + 1)];
  if (items.length > FIRST_PAGE_MAX) return undefined;
  return { pages: [{ ...first, items }, ...others], pageParams };
}

/**
 * Returns the indices of the pages with an action that has changed and is not among the newest entries;
 * undefined if one is at the end of the first page, which cannot be fetched by itself.
 */
export function stalePages(
  { pages }: Pages,
  newest: Page,
  changed: ReadonlySet<string>,
): number[] | undefined {
  const fresh = new Set(newest.items.map(({ id }) => id));
  const stale = pages.flatMap(({ items }, index) =>
    items.some(({ id, action_id }) => action_id && changed.has(action_id) && !fresh.has(id))
      ? [index]
      : [],
  );
  return stale.includes(0) ? undefined : stale;
}

async function fetchPage(queryKey: Query['queryKey'], cursor: unknown): Promise<Page> {
  const { _id, query } = partsOf(queryKey);
  const list = LISTS[_id as keyof typeof LISTS] as (options: object) => Promise<{ data: Page }>;
  const at = typeof cursor === 'string' ? { cursor } : {};
  return (await list({ query: { ...query, ...at }, throwOnError: true })).data;
}

/** Returns what the generated client puts into the keys of its queries. */
function partsOf(queryKey: Query['queryKey']) {
  return (queryKey[0] ?? {}) as {
    _id?: string;
    _infinite?: boolean;
    query?: Record<string, unknown>;
  };
}

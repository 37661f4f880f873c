import { expect, it } from 'vitest';
import { stalePages, withNewest } from './pages';

const page = (ids: number[], next_cursor: string | null) => ({
  items: ids.map((id) => ({ id, action_id: `action ${id}` })),
  next_cursor,
});

const loaded = {
  pages: [page([9, 8, 7], 'after 7'), page([6, 5, 4], 'after 4')],
  pageParams: [{}, 'after 7'],
};

const ids = (data: ReturnType<typeof withNewest>) =>
  data?.pages.map(({ items }) => items.map(({ id }) => id));

it('new entries come before those of the first page, and no other page changes', () => {
  const after = withNewest(loaded, page([11, 10, 9], 'after 9'));
  expect(ids(after)).toEqual([
    [11, 10, 9, 8, 7],
    [6, 5, 4],
  ]);
  expect(after?.pages[0]?.next_cursor).toBe('after 7');
  expect(after?.pages[1]).toBe(loaded.pages[1]);
});

it('all pages are fetched again if entries may be missing between the newest and the others', () => {
  expect(withNewest(loaded, page([14, 13, 12], 'after 12'))).toBeUndefined();
});

it('all pages are fetched again once the first one has grown to several pages', () => {
  const grown = {
    pages: [page([...Array(200).keys()].reverse(), 'x'), page([-1], null)],
    pageParams: [{}, 'x'],
  };
  expect(withNewest(grown, page([200, 199, 198], 'after 198'))).toBeUndefined();
});

it('a list that fits into one page has no others', () => {
  expect(ids(withNewest(loaded, page([9], null)))).toEqual([[9]]);
});

it('a page with a changed action is stale unless the newest entries include it', () => {
  const newest = page([9, 8, 7], 'after 7');
  expect(stalePages(loaded, newest, new Set(['action 5']))).toEqual([1]);
  expect(stalePages(loaded, newest, new Set(['action 8']))).toEqual([]);
});

it('all pages are fetched again if a change is at the end of a first page that has grown', () => {
  const newest = page([11, 10, 9], 'after 9');
  const grown = withNewest(loaded, newest);
  expect(grown && stalePages(grown, newest, new Set(['action 8']))).toBeUndefined();
});

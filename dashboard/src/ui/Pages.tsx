/** Paginated lists. */
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from './Button';
import { Failure } from './Failure';
import { Loading } from './Loading';

/** A page of the API. */
interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/** Returns the cursor of the next page, for infinite queries. */
export function nextCursor(page: Page<unknown>): string | undefined {
  return page.next_cursor ?? undefined;
}

/** Shows the items fetched so far and a button for more, or `empty` if there are none. */
export function Pages<Item>({
  query,
  empty,
  children,
}: {
  query: UseInfiniteQueryResult<InfiniteData<Page<Item>>, unknown>;
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
}) {
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="space-y-3">
      {query.isPending && <Loading />}
      <Failure error={query.error} onRetry={query.refetch} />
      {query.isSuccess && items.length === 0 && empty}
      {items.length > 0 && children(items)}
      {query.hasNextPage && (
        <div className="text-center">
          <Button isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

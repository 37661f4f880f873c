/** A permanent warning about rules that allow risky requests. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useEffect } from 'react';
import { listRulesInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { nextCursor } from '#/ui/Pages';
import { allowsEverything } from './unconditional';

/** The number of rules in one page; all pages are checked. */
const PAGE_RULES = 200;
const NAMES_MAX = 3;

/** Shows the banner; renders nothing if every Allow rule has a condition. */
export function OpenRules() {
  const { data, hasNextPage, isFetching, isError, fetchNextPage } = useInfiniteQuery({
    ...listRulesInfiniteOptions({ query: { limit: PAGE_RULES } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, fetchNextPage]);
  const rules = data?.pages.flatMap(({ items }) => items) ?? [];
  const open = rules.filter((rule) => rule.enabled && allowsEverything(rule));
  if (open.length === 0) return null;
  return (
    <p
      role="status"
      className="mb-4 flex gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <Link to="/rules" className="font-semibold underline">
          {open.length === 1
            ? '1 rule allows risky requests'
            : `${open.length} rules allow risky requests`}
        </Link>{' '}
        without approval:{' '}
        {open.slice(0, NAMES_MAX).map(({ id, name }, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <Visible text={name} />
          </span>
        ))}
        {open.length > NAMES_MAX && ' …'}
      </span>
    </p>
  );
}

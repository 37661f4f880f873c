/** A line about requests whose outcome is unknown: a human has to find out. */
import { Link } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { useAttention } from '#/inbox/inbox';

/** Shows the line; renders nothing if every outcome is known. */
export function Unknown() {
  const { outcome_unknown: count } = useAttention();
  if (count === 0) return null;
  return (
    <p className="mb-4 flex gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <Link
          to="/history"
          search={{ status: 'INDETERMINATE' }}
          className="font-semibold underline"
        >
          {count.toLocaleString('en')} {count === 1 ? 'request has' : 'requests have'} an unknown
          outcome
        </Link>
        . Check the service, then record what happened.
      </span>
    </p>
  );
}

/** The empty state of the queue. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listAgentsOptions, listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { MAIN_BUTTON } from '#/ui/Button';

/** Explains why the queue is empty: no requests, no match, or no setup yet. */
export function EmptyQueue({ isFiltered }: { isFiltered: boolean }) {
  const services = useQuery(listServicesOptions());
  const agents = useQuery(listAgentsOptions());
  const isNew = services.data?.length === 0 || agents.data?.length === 0;
  return (
    <div className="rounded-lg border border-line bg-panel p-5 text-center">
      <p className="font-semibold">
        {isFiltered ? 'No requests match the filter' : 'No pending requests'}
      </p>
      {!isFiltered && !isNew && (
        <p className="mt-1 text-sm text-soft">New requests appear here automatically.</p>
      )}
      {!isFiltered && isNew && (
        <div className="mt-3">
          <Link to="/set-up" className={MAIN_BUTTON}>
            Set up your first service and agent
          </Link>
        </div>
      )}
    </div>
  );
}

/** What stands where nothing waits. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listAgentsOptions, listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { MAIN_BUTTON } from '#/ui/Button';

/** Says why: there is nothing, nothing matches, or nothing is set up yet. */
export function EmptyQueue({ isFiltered }: { isFiltered: boolean }) {
  const services = useQuery(listServicesOptions());
  const agents = useQuery(listAgentsOptions());
  const isNew = services.data?.length === 0 || agents.data?.length === 0;
  return (
    <div className="rounded-lg border border-line bg-panel p-5 text-center">
      <p className="font-semibold">
        {isFiltered ? 'Nothing that waits matches' : 'Nothing waits for you'}
      </p>
      {!isFiltered && !isNew && (
        <p className="mt-1 text-sm text-soft">A held request appears here by itself.</p>
      )}
      {!isFiltered && isNew && (
        <div className="mt-3">
          <Link to="/set-up" className={MAIN_BUTTON}>
            Set up the first service and agent
          </Link>
        </div>
      )}
    </div>
  );
}

/** The empty state of the queue. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { listAgentsOptions, listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Button, MAIN_BUTTON } from '#/ui/Button';
import { IfPermitted } from '#/ui/RoleNote';

/** Explains why the queue is empty: no requests, no match, or no setup yet. */
export function EmptyQueue({
  isFiltered,
  searched,
  onClear,
}: {
  isFiltered: boolean;
  /** The text that was searched for. */
  searched: string | undefined;
  onClear: () => void;
}) {
  const services = useQuery(listServicesOptions());
  const agents = useQuery(listAgentsOptions());
  const isNew = services.data?.length === 0 || agents.data?.length === 0;
  return (
    <div className="rounded-lg border border-line bg-panel p-5 text-center">
      <p className="font-semibold">
        {!isFiltered && 'No pending requests'}
        {isFiltered && searched === undefined && 'No pending request matches'}
        {isFiltered && searched !== undefined && (
          <>
            No pending request matches “<Visible text={searched} />”
          </>
        )}
      </p>
      {isFiltered && (
        <Button className="mt-3" onClick={onClear}>
          Clear
        </Button>
      )}
      {!isFiltered && !isNew && (
        <p className="mt-1 text-sm text-soft">New requests appear here automatically.</p>
      )}
      {!isFiltered && isNew && (
        <IfPermitted needs="define">
          <div className="mt-3">
            <Link to="/set-up" className={MAIN_BUTTON}>
              Set up your first service and agent
            </Link>
          </div>
        </IfPermitted>
      )}
    </div>
  );
}

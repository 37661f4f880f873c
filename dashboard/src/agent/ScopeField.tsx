/** The services that an agent can use. */
import { useQuery } from '@tanstack/react-query';
import { listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { CheckField } from '#/ui/CheckField';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';

/** More services than this scroll in a frame of their own. */
const SERVICES_WITHOUT_SCROLLING = 8;

/** Shows a check box for each service. */
export function ScopeField({
  chosen,
  error,
  onChange,
}: {
  chosen: readonly number[];
  error: string | undefined;
  onChange: (chosen: number[]) => void;
}) {
  const services = useQuery({ ...listServicesOptions(), refetchOnMount: 'always' });
  const isLong = (services.data?.length ?? 0) > SERVICES_WITHOUT_SCROLLING;
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-medium">Allowed services</legend>
      {error && (
        <p role="alert" className="text-sm text-bad">
          {error}
        </p>
      )}
      {services.isPending && <Loading />}
      <Failure error={services.error} onRetry={services.refetch} />
      {services.data?.length === 0 && (
        <p className="text-sm text-soft">No services yet. You can assign them later.</p>
      )}
      <div
        className={
          isLong
            ? 'max-h-80 space-y-2 overflow-y-auto rounded-md border border-line p-2'
            : 'space-y-2 p-0.5'
        }
      >
        {services.data?.map(({ id, name, baseUrl }) => (
          <CheckField
            key={id}
            label={<Visible text={name} />}
            hint={<Visible text={baseUrl} />}
            checked={chosen.includes(id)}
            onChange={(event) =>
              onChange(
                event.target.checked ? [...chosen, id] : chosen.filter((other) => other !== id),
              )
            }
          />
        ))}
      </div>
    </fieldset>
  );
}

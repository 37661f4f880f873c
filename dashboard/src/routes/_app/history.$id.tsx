import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { getRequestOptions } from '#/client/@tanstack/react-query.gen';
import { RequestDetail } from '#/request/RequestDetail';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/history/$id')({
  component: OneRequest,
});

function OneRequest() {
  const { id } = Route.useParams();
  const request = useQuery(getRequestOptions({ path: { id: Number(id) } }));
  if (request.isPending) return <Loading />;
  return (
    <div className="space-y-4">
      {/* Text that was typed on the page outlasts a gateway that is away. */}
      {request.error && !request.data && <PageTitle>Request</PageTitle>}
      <Failure error={request.error} />
      {request.data && <RequestDetail key={request.data.id} entry={request.data} />}
    </div>
  );
}

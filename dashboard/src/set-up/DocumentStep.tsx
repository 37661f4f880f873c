/** What describes the service. */
import { useQuery } from '@tanstack/react-query';
import { listDocumentsOptions } from '#/client/@tanstack/react-query.gen';
import { AddDocument } from '#/service/AddDocument';
import { Understood } from '#/service/DocumentsPanel';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';

/** Adding one, or going on without. */
export function DocumentStep({
  serviceId,
  address,
  onDone,
}: {
  serviceId: number;
  address: string | undefined;
  onDone: () => void;
}) {
  const documents = useQuery(listDocumentsOptions({ path: { id: serviceId } }));
  const known = documents.data?.items ?? [];
  return (
    <Panel title="Describe the API">
      <div className="space-y-4">
        <p className="text-sm">
          With a description of the API you see in words what a request does, and risks are weighed
          better. It can be added later, too.
        </p>
        {documents.isPending && <Loading />}
        <Failure error={documents.error} />
        {known.map((document) => (
          <div key={document.id} className="space-y-1 rounded-md border border-line p-3">
            <p className="font-medium">
              <Visible text={document.title ?? `Document ${document.id}`} />
            </p>
            <Understood document={document} />
          </div>
        ))}
        <AddDocument serviceId={serviceId} address={address} />
        <Button tone={known.length > 0 ? 'main' : 'plain'} onClick={onDone}>
          {known.length > 0 ? 'Go on' : 'Go on without'}
        </Button>
      </div>
    </Panel>
  );
}

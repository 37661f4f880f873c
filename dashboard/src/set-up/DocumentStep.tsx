/** The set-up step that adds a document. */
import { useQuery } from '@tanstack/react-query';
import { listDocumentsOptions } from '#/client/@tanstack/react-query.gen';
import { AddDocument } from '#/service/AddDocument';
import { ParseSummary } from '#/service/DocumentsPanel';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';

/** Adds a document, or skips the step. */
export function DocumentStep({
  serviceId,
  documentUrl,
  onDone,
}: {
  serviceId: number;
  documentUrl: string | undefined;
  onDone: () => void;
}) {
  const documents = useQuery(listDocumentsOptions({ path: { id: serviceId } }));
  const known = documents.data?.items ?? [];
  return (
    <Panel title="Add a document">
      <div className="space-y-4">
        <p className="text-sm">
          A document shows you what each request does and improves the risk assessment. You can also
          add it later.
        </p>
        {documents.isPending && <Loading />}
        <Failure error={documents.error} />
        {known.map((document) => (
          <div key={document.id} className="space-y-1 rounded-md border border-line p-3">
            <p className="font-medium">
              <Visible text={document.title ?? `Document ${document.id}`} />
            </p>
            <ParseSummary document={document} />
          </div>
        ))}
        <AddDocument serviceId={serviceId} url={documentUrl} />
        <Button tone={known.length > 0 ? 'main' : 'plain'} onClick={onDone}>
          {known.length > 0 ? 'Continue' : 'Skip'}
        </Button>
      </div>
    </Panel>
  );
}

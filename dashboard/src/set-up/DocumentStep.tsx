/** The set-up step that adds a document. */
import { useQuery } from '@tanstack/react-query';
import { listDocumentsOptions } from '#/client/@tanstack/react-query.gen';
import { AddDocument } from '#/service/AddDocument';
import { DocumentItem } from '#/service/DocumentsPanel';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';

/** Adds documents, or skips the step. */
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
  const hasOperations = known.some(({ operations }) => operations > 0);
  return (
    <Panel title="Add a document">
      <div className="space-y-4">
        <p className="text-sm">
          Names each request’s operation and improves the risk assessment. You can add it later.
        </p>
        {documents.isPending && <Loading />}
        <Failure error={documents.error} onRetry={documents.refetch} />
        {known.length > 0 && (
          <ul className="divide-y divide-line">
            {known.map((document) => (
              <DocumentItem key={document.id} document={document} />
            ))}
          </ul>
        )}
        <AddDocument serviceId={serviceId} url={documentUrl} />
        <Button tone={hasOperations ? 'main' : 'plain'} onClick={onDone}>
          {hasOperations ? 'Continue' : known.length > 0 ? 'Continue without operations' : 'Skip'}
        </Button>
      </div>
    </Panel>
  );
}

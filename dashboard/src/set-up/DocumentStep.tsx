/** The set-up step that adds a document. */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
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
  const next = useRef<HTMLButtonElement>(null);
  const hadOperations = useRef<boolean>(undefined);
  useEffect(() => {
    if (!documents.isSuccess) return;
    // The form that had the focus is folded.
    if (hasOperations && hadOperations.current === false) next.current?.focus();
    hadOperations.current = hasOperations;
  }, [documents.isSuccess, hasOperations]);
  const [isAdding, setIsAdding] = useState(false);
  return (
    <Panel title="Add a document">
      <div className="space-y-4">
        {known.length === 0 && (
          <p className="text-sm">
            An API description says what each request does. You can add it later.
          </p>
        )}
        {documents.isPending && <Loading />}
        <Failure error={documents.error} onRetry={documents.refetch} />
        {known.length > 0 && (
          <ul className="divide-y divide-line">
            {known.map((document) => (
              <DocumentItem key={document.id} document={document} />
            ))}
          </ul>
        )}
        {(!hasOperations || isAdding) && (
          <AddDocument serviceId={serviceId} url={documentUrl} isFromUrl />
        )}
        <div className="flex flex-wrap gap-2">
          <Button ref={next} tone={hasOperations ? 'main' : 'plain'} onClick={onDone}>
            {hasOperations ? 'Continue' : known.length > 0 ? 'Continue without operations' : 'Skip'}
          </Button>
          {hasOperations && !isAdding && (
            <Button tone="quiet" onClick={() => setIsAdding(true)}>
              Add another document
            </Button>
          )}
        </div>
      </div>
    </Panel>
  );
}

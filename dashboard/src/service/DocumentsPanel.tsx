/** The documents that describe a service. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Document } from '#/client';
import {
  deleteDocumentMutation,
  listDocumentsOptions,
  refreshDocumentMutation,
} from '#/client/@tanstack/react-query.gen';
import { counted } from '#/text/count';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';
import { UnreadableBadge, UnreadableNote } from '#/ui/Unreadable';
import { useLanding } from '#/ui/useLanding';
import { AddDocument } from './AddDocument';
import { documentAnchor } from './anchors';

/** The number of documents listed. */
const DOCUMENTS_SHOWN = 200;

/** The types of documents in words. */
const TYPES = {
  openapi: 'API description',
  markdown: 'Markdown',
  html: 'HTML page',
  url: 'Fetched from URL',
} as const;

/** Lists the documents and adds new ones. */
export function DocumentsPanel({ serviceId }: { serviceId: number }) {
  const documents = useQuery(
    listDocumentsOptions({ path: { id: serviceId }, query: { limit: DOCUMENTS_SHOWN } }),
  );
  return (
    <Panel title="Documents">
      <div className="space-y-4">
        {documents.isPending && <Loading />}
        <Failure error={documents.error} onRetry={documents.refetch} />
        {documents.data?.items.length === 0 && (
          <p className="text-sm text-soft">
            No documents yet. A document adds descriptions to requests, improves the risk
            assessment, and lets rules name operations.
          </p>
        )}
        {documents.data && documents.data.items.length > 0 && (
          <ul className="divide-y divide-line">
            {documents.data.items.map((document) => (
              <DocumentItem key={document.id} document={document} />
            ))}
          </ul>
        )}
        {documents.data?.next_cursor && (
          <p className="text-sm text-soft">Showing the first {DOCUMENTS_SHOWN}</p>
        )}
        <AddDocument serviceId={serviceId} />
      </div>
    </Panel>
  );
}

/** Shows what was parsed from a document. */
function ParseSummary({ document }: { document: Document }) {
  const { operations, sections, warnings } = document;
  const isEmpty = operations === 0;
  return (
    <div className="space-y-1">
      <p className="flex flex-wrap gap-1.5">
        <Badge tone={isEmpty ? 'warn' : 'good'}>{counted(operations, 'operation')}</Badge>
        <Badge>{counted(sections, 'text section')}</Badge>
        {warnings.length > 0 && <Badge tone="warn">{counted(warnings.length, 'warning')}</Badge>}
      </p>
      {isEmpty && <p className="text-sm text-warn">{whyEmpty(document)}</p>}
      {warnings.length > 0 && (
        <details className="text-sm" open={isEmpty}>
          <summary className="py-1 font-medium">Warnings</summary>
          <ul className="max-h-48 list-disc space-y-1 overflow-y-auto pl-5">
            {warnings.map((warning) => (
              <li key={warning}>
                <Visible text={warning} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

/** Returns why no operations were found. */
function whyEmpty({ format }: Document): string {
  return format === 'openapi'
    ? 'The API description contains no operations that could be read. See the warnings.'
    : 'Read as text: it is not an API description, so requests are not matched to operations.';
}

/** Shows a document, to fetch or parse it again or to delete it. */
export function DocumentItem({ document }: { document: Document }) {
  const ref = useLanding(documentAnchor(document.id));
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const onSuccess = () => queries.invalidateQueries();
  const refresh = useMutation({ ...refreshDocumentMutation(), onSuccess });
  const remove = useMutation({ ...deleteDocumentMutation(), onSuccess });
  const path = { id: document.serviceId, docId: document.id };
  const title = document.title ?? `Document ${document.id}`;
  return (
    <li
      ref={ref}
      id={documentAnchor(document.id)}
      tabIndex={-1}
      className="space-y-2 py-3 first:pt-0"
    >
      <div className="flex flex-wrap items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="font-medium">
            <Visible text={title} />
          </p>
          {document.unreadable ? (
            <UnreadableBadge />
          ) : (
            <p className="text-sm text-soft">
              {TYPES[document.type]}, {dateTime(document.createdAt)}
            </p>
          )}
        </div>
        <div className="flex gap-2">
          {!document.unreadable && (
            <Button
              needs="define"
              isBusy={refresh.isPending}
              onClick={() => refresh.mutate({ path })}
            >
              {document.type === 'url' ? 'Fetch again' : 'Parse again'}
            </Button>
          )}
          <Button needs="define" onClick={() => setIsAsking(true)}>
            Delete…
          </Button>
        </div>
      </div>
      {document.unreadable ? (
        <UnreadableNote noun="document" />
      ) : (
        <ParseSummary document={document} />
      )}
      <Failure error={refresh.error} />
      {isAsking && (
        <Confirm
          title="Delete this document?"
          action="Delete"
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ path })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            The operations of <Visible text={title} /> are removed. Rules that use them may stop
            matching.
          </p>
        </Confirm>
      )}
    </li>
  );
}

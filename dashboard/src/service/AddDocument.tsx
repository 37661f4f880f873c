/** Adding a document that describes a service: by file, text, or URL. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { FileUp } from 'lucide-react';
import { type DragEvent, type FormEvent, useId, useState } from 'react';
import { createDocumentMutation } from '#/client/@tanstack/react-query.gen';
import { formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Failure } from '#/ui/Failure';
import { Tabs } from '#/ui/Tabs';
import { TextArea } from '#/ui/TextArea';
import { TextField } from '#/ui/TextField';
import { FileFault, textOf } from './documentFile';
import { type IncludeText, includeOf } from './include';

/** Shows the three sources to add a document. */
export function AddDocument({
  serviceId,
  url,
  isFromUrl = url !== undefined,
}: {
  serviceId: number;
  /** The document's known URL. */
  url?: string | undefined;
  /** Whether fetching is the first choice, and has the focus. */
  isFromUrl?: boolean;
}) {
  const queries = useQueryClient();
  // Kept here, because only the open tab is mounted.
  const [text, setText] = useState('');
  const [typed, setTyped] = useState<Source>({
    url: url ?? '',
    useCredential: false,
    allowHtml: false,
  });
  const [part, setPart] = useState<IncludeText>({ tags: '', paths: '' });
  const include = includeOf(part);
  const add = useMutation({
    ...createDocumentMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const path = { id: serviceId };
  const addText = (content: string, title?: string) =>
    add.mutateAsync({
      path,
      body: {
        type: 'auto',
        content,
        ...(title && { title: title.slice(0, 200) }),
        ...(include && { include }),
      },
    });
  const sources = [
    { name: 'File', content: <FromFile isBusy={add.isPending} onText={addText} /> },
    {
      name: 'Paste',
      content: <FromText text={text} isBusy={add.isPending} onChange={setText} onText={addText} />,
    },
    {
      name: 'URL',
      content: (
        <FromUrl
          source={typed}
          hasFocus={isFromUrl}
          isBusy={add.isPending}
          onChange={setTyped}
          onSource={({ url: content, useCredential, allowHtml }) =>
            add.mutate({
              path,
              body: {
                type: 'url',
                content,
                ...(useCredential && { useCredential }),
                ...(allowHtml && { allowHtml }),
                ...(include && { include }),
              },
            })
          }
        />
      ),
    },
  ];
  if (isFromUrl) sources.unshift(...sources.splice(2, 1));
  return (
    <div className="space-y-3">
      <Tabs label="Add a document" tabs={sources} />
      <PartFields part={part} onChange={setPart} />
      <Failure error={formError(add.error, [])} />
    </div>
  );
}

/** Shows the fields that select a part of an API description. */
function PartFields({
  part,
  onChange,
}: {
  part: IncludeText;
  onChange: (part: IncludeText) => void;
}) {
  return (
    <details className="text-sm">
      <summary className="py-1 font-medium">Include only part of the document</summary>
      <div className="space-y-3 pt-2">
        <p className="text-soft">
          For large API descriptions. An operation is included if it matches both lists; an empty
          list matches all. From a URL, OpenAPI and Swagger documents of up to 64 MiB are accepted.
        </p>
        <TextArea
          label="Tags"
          hint="One per line, spelled as in the document."
          rows={2}
          spellCheck={false}
          value={part.tags}
          onChange={(event) => onChange({ ...part, tags: event.target.value })}
        />
        <TextArea
          label="Paths"
          hint="One per line, such as /v1/users. Paths below them are included."
          rows={2}
          spellCheck={false}
          value={part.paths}
          onChange={(event) => onChange({ ...part, paths: event.target.value })}
        />
      </div>
    </details>
  );
}

type OnText = (content: string, title?: string) => Promise<unknown>;

function FromFile({ isBusy, onText }: { isBusy: boolean; onText: OnText }) {
  const id = useId();
  const [isOver, setIsOver] = useState(false);
  const [fault, setFault] = useState('');
  const take = async (file: File | undefined) => {
    if (!file) return;
    setFault('');
    try {
      await onText(await textOf(file), file.name);
    } catch (error) {
      // The gateway's error is shown below.
      if (error instanceof FileFault) setFault(error.message);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    if (!isBusy) void take(event.dataTransfer.files[0]);
  };
  return (
    <div className="space-y-2">
      <label
        htmlFor={id}
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={drop}
        className={`flex cursor-pointer flex-col items-center gap-2 rounded-lg border-2 border-dashed p-6 text-center text-sm focus-within:outline-2 focus-within:outline-brand ${isOver ? 'border-brand bg-raised' : 'border-line'}`}
      >
        <FileUp aria-hidden className="size-6 text-soft" />
        <span className="font-medium">
          {isBusy ? 'Uploading…' : 'Drop a file here, or choose one'}
        </span>
        <span className="text-soft">
          OpenAPI 3, Swagger 2, Google Discovery, a Postman collection, or Markdown. Up to 16 MiB;
          may be compressed with gzip.
        </span>
        <input
          id={id}
          type="file"
          disabled={isBusy}
          accept=".json,.yaml,.yml,.md,.markdown,.txt,.gz"
          onChange={(event) => {
            void take(event.target.files?.[0]);
            event.target.value = '';
          }}
          className="sr-only"
        />
      </label>
      {fault && <Failure>{fault}</Failure>}
    </div>
  );
}

function FromText({
  text,
  isBusy,
  onChange,
  onText,
}: {
  text: string;
  isBusy: boolean;
  onChange: (text: string) => void;
  onText: OnText;
}) {
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const isTaken = await onText(text).then(
      () => true,
      () => false,
    );
    if (isTaken) onChange('');
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      <TextArea
        label="Document"
        required
        rows={6}
        spellCheck={false}
        className="font-mono"
        value={text}
        onChange={(event) => onChange(event.target.value)}
      />
      <Button type="submit" needs="define" isBusy={isBusy}>
        Add document
      </Button>
    </form>
  );
}

/** A document to fetch. */
interface Source {
  url: string;
  useCredential: boolean;
  allowHtml: boolean;
}

function FromUrl({
  source,
  hasFocus,
  isBusy,
  onChange,
  onSource,
}: {
  source: Source;
  /** Whether the field takes the focus. */
  hasFocus: boolean;
  isBusy: boolean;
  onChange: (source: Source) => void;
  onSource: (source: Source) => void;
}) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSource({ ...source, url: source.url.trim() });
  };
  return (
    <form onSubmit={submit} className="space-y-3">
      <TextField
        label="Document URL"
        type="url"
        required
        autoFocus={hasFocus}
        hint="Or of a page that shows it"
        value={source.url}
        onChange={(event) => onChange({ ...source, url: event.target.value })}
      />
      <details className="text-sm">
        <summary className="py-1 font-medium">Fetch options</summary>
        <div className="space-y-3 pt-2">
          <CheckField
            label="Send the service’s credential"
            hint="Same origin only"
            checked={source.useCredential}
            onChange={(event) => onChange({ ...source, useCredential: event.target.checked })}
          />
          <CheckField
            label="Keep the text of a web page"
            hint="If it has no API description"
            checked={source.allowHtml}
            onChange={(event) => onChange({ ...source, allowHtml: event.target.checked })}
          />
        </div>
      </details>
      <Button type="submit" needs="define" isBusy={isBusy}>
        Fetch document
      </Button>
    </form>
  );
}

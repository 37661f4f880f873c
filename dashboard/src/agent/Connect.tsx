/** The snippets that connect an agent, for each kind of client. */

import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import type { Agent } from '#/client';
import { listOperationsOptions } from '#/client/@tanstack/react-query.gen';
import { GATEWAY_PATH, gatewayUrl } from '#/gateway';
import { readablePath } from '#/service/readablePath';
import { BUTTON } from '#/ui/Button';
import { CopyButton } from '#/ui/CopyButton';
import { SelectField } from '#/ui/SelectField';
import { Tabs } from '#/ui/Tabs';
import { TextField } from '#/ui/TextField';
import { type Snippet, snippets } from './snippets';

/** In place of a key that is not shown again. */
const UNKNOWN_KEY = 'agt_…';

/** Shows the snippets of an agent. Without `apiKey`, they have a placeholder. */
export function Connect({ agent, apiKey }: { agent: Agent; apiKey?: string | undefined }) {
  const [url, setUrl] = useState(gatewayUrl());
  const [chosen, setChosen] = useState<number>();
  const [typedPath, setTypedPath] = useState<string | null>(null);
  const service = agent.services.find(({ id }) => id === chosen) ?? agent.services[0];
  const readable = useReadablePath(service?.id);
  const proxyPort = useProxyPort();
  if (!service) {
    return (
      <p className="text-sm text-soft">
        The agent cannot use any service yet. Add one to its scope first.
      </p>
    );
  }
  const path = typedPath ?? readable;
  const all = snippets({
    url: url.trim().replace(/\/+$/, ''),
    key: apiKey ?? UNKNOWN_KEY,
    service: service.name,
    path: path.startsWith('/') ? path : `/${path}`,
    proxyPort,
  });
  return (
    <div className="space-y-4">
      {apiKey === undefined && (
        <p className="text-sm text-soft">
          Replace <code>{UNKNOWN_KEY}</code> with the agent key. If it is lost, rotate the key.
        </p>
      )}
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField
          label="Gateway URL"
          type="url"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        {agent.services.length > 1 && (
          <SelectField
            label="Service"
            value={String(service.id)}
            options={agent.services.map(({ id, name }) => [String(id), name] as const)}
            onChange={(event) => {
              setChosen(Number(event.target.value));
              setTypedPath(null);
            }}
          />
        )}
        <TextField
          label="Test path"
          className="font-mono"
          spellCheck={false}
          hint="A read-only path below the base URL"
          value={path}
          onChange={(event) => setTypedPath(event.target.value)}
        />
      </div>
      <Tabs
        label="Client"
        tabs={all.map((snippet) => ({
          name: snippet.name,
          content: <SnippetText snippet={snippet} />,
        }))}
      />
    </div>
  );
}

function SnippetText({ snippet: { note, code, download } }: { snippet: Snippet }) {
  return (
    <div className="space-y-2">
      {note && <p className="text-sm text-soft">{note}</p>}
      <Code text={code} />
      <div className="flex flex-wrap gap-2">
        <CopyButton text={code} />
        {download && (
          <a href={download} download className={BUTTON}>
            <Download aria-hidden className="size-4" /> Download
          </a>
        )}
      </div>
    </div>
  );
}

/** Shows code. */
export function Code({ text }: { text: string }) {
  return (
    <pre className="rounded-md border border-line bg-page p-3 font-mono text-[0.8rem] whitespace-pre-wrap [overflow-wrap:anywhere]">
      {text}
    </pre>
  );
}

/** Returns the port of the gateway's forward proxy, which its certificate names; null without one. */
function useProxyPort(): number | null {
  const certificate = useQuery({
    queryKey: ['proxy-port'],
    queryFn: async () => {
      const response = await fetch(`${GATEWAY_PATH}/ca.pem`);
      return Number(response.headers.get('x-intercept-port')) || null;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
  return certificate.data ?? null;
}

/** Returns a path of a service that reads without parameters; `/` if no document has one. */
export function useReadablePath(serviceId: number | undefined): string {
  const path = { id: serviceId ?? 0 };
  const enabled = serviceId !== undefined;
  const operations = useQuery({
    ...listOperationsOptions({ path, query: { effect: 'reads', limit: 200 } }),
    enabled,
  });
  return readablePath(operations.data?.items ?? []) ?? '/';
}

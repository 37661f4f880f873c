/** The set-up step with the agent's snippet and its first request. */
import { useQuery } from '@tanstack/react-query';
import { Link, useBlocker } from '@tanstack/react-router';
import { CircleCheck, LoaderCircle } from 'lucide-react';
import { useState } from 'react';
import type { Agent, RequestEntry, Service } from '#/client';
import { listOperationsOptions, listRequestsOptions } from '#/client/@tanstack/react-query.gen';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { Button, MAIN_BUTTON } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { Panel } from '#/ui/Panel';
import { Tabs } from '#/ui/Tabs';
import { TextField } from '#/ui/TextField';
import { snippets } from './snippets';

/** The polling interval until the first request, in case an event is missed. */
const POLL_EVERY_MS = 5_000;

/** Shows the step. `apiKey` is set only until the user leaves the page. */
export function FirstRequestStep({
  agent,
  service,
  apiKey,
}: {
  agent: Agent;
  service: Service;
  apiKey: string | undefined;
}) {
  return (
    <div className="space-y-4">
      {apiKey ? (
        <NewKey apiKey={apiKey} />
      ) : (
        <p className="rounded-md border border-line bg-panel p-3 text-sm">
          The key was shown only once. If you lost it,{' '}
          <Link to="/agents/$id" params={{ id: agent.id }} className="text-brand underline">
            rotate the key
          </Link>
          .
        </p>
      )}
      <Snippets service={service} apiKey={apiKey ?? 'agt_…'} />
      <FirstRequest agent={agent} />
    </div>
  );
}

/** Shows the key. Leaving asks for confirmation until the key is marked as stored. */
function NewKey({ apiKey }: { apiKey: string }) {
  const [isStored, setIsStored] = useState(false);
  const blocker = useBlocker({
    shouldBlockFn: () => !isStored,
    enableBeforeUnload: !isStored,
    withResolver: true,
  });
  return (
    <Panel title="Agent key" actions={<CopyButton text={apiKey} label="Copy key" />}>
      <div className="space-y-3">
        <code
          data-testid="agent-key"
          className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
        >
          {apiKey}
        </code>
        <CheckField
          label="I have stored the key"
          hint="Shown only once: the gateway stores only a hash."
          checked={isStored}
          onChange={(event) => setIsStored(event.target.checked)}
        />
      </div>
      {blocker.status === 'blocked' && (
        <Modal title="Leave without storing the key?" onClose={blocker.reset}>
          <p className="mb-4 text-sm">
            The key is not shown again. If you lose it, you have to rotate it.
          </p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={blocker.reset}>Stay</Button>
            <Button tone="main" onClick={blocker.proceed}>
              Leave
            </Button>
          </div>
        </Modal>
      )}
    </Panel>
  );
}

function Snippets({ service, apiKey }: { service: Service; apiKey: string }) {
  const operations = useQuery(
    listOperationsOptions({ path: { id: service.id }, query: { limit: 200 } }),
  );
  const plain = operations.data?.items.find(
    ({ method, path }) => method === 'GET' && !path.includes('{'),
  );
  const [url, setUrl] = useState(window.location.origin);
  const [typedPath, setTypedPath] = useState<string | null>(null);
  const path = typedPath ?? plain?.path ?? '/';
  const all = snippets({
    url: url.trim().replace(/\/+$/, ''),
    key: apiKey,
    service: service.name,
    path: path.startsWith('/') ? path : `/${path}`,
  });
  return (
    <Panel title="Run this where the agent runs">
      <div className="mb-4 grid gap-3 sm:grid-cols-2">
        <TextField
          label="Gateway URL"
          type="url"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <TextField
          label="Test path"
          className="font-mono"
          spellCheck={false}
          hint="A read-only path of the API"
          value={path}
          onChange={(event) => setTypedPath(event.target.value)}
        />
      </div>
      <Tabs
        label="Language"
        tabs={all.map(({ name, code }) => ({
          name,
          content: (
            <div className="space-y-2">
              <pre className="rounded-md border border-line bg-page p-3 font-mono text-[0.8rem] whitespace-pre-wrap [overflow-wrap:anywhere]">
                {code}
              </pre>
              <CopyButton text={code} />
            </div>
          ),
        }))}
      />
    </Panel>
  );
}

function FirstRequest({ agent }: { agent: Agent }) {
  const requests = useQuery({
    ...listRequestsOptions({ query: { agent_id: agent.id, limit: 1 } }),
    refetchInterval: ({ state }) => (state.data?.items.length ? false : POLL_EVERY_MS),
  });
  const first = requests.data?.items[0];
  return (
    <section
      aria-label="The first request"
      className={`rounded-lg border-2 bg-panel p-4 ${first ? 'border-good' : 'border-dashed border-line'}`}
    >
      <Failure error={requests.error} />
      <div role="status" className="flex items-start gap-3">
        {first ? (
          <>
            <CircleCheck aria-hidden className="size-6 shrink-0 text-good" />
            <RequestReceived entry={first} agent={agent} />
          </>
        ) : (
          <>
            <LoaderCircle aria-hidden className="size-6 shrink-0 animate-spin text-soft" />
            <p>
              <strong className="block">Waiting for the first request…</strong>
              <span className="text-sm text-soft">It appears here automatically.</span>
            </p>
          </>
        )}
      </div>
      {first && (
        <div className="mt-4 flex flex-wrap gap-2">
          <Link to="/" className={MAIN_BUTTON}>
            Open queue
          </Link>
        </div>
      )}
    </section>
  );
}

const OUTCOMES = {
  forward: 'Forwarded without approval.',
  hold: 'Pending in the queue.',
  deny: 'Denied by one of your rules.',
};

function RequestReceived({ entry, agent }: { entry: RequestEntry; agent: Agent }) {
  return (
    <div className="min-w-0">
      <strong className="block text-good">First request received</strong>
      <p className="text-sm">
        <Visible text={agent.name} /> sent{' '}
        <code className="text-[0.8rem]">
          {entry.method} <Visible text={splitTarget(entry.target_url).path} />
        </code>
        . {OUTCOMES[entry.decision]}
        {entry.upstream_status !== null && ` The service responded with ${entry.upstream_status}.`}
      </p>
    </div>
  );
}

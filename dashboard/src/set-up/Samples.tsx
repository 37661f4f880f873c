/** Two sample requests: one that passes, and one that a human has to approve. */

import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, CircleDashed, TriangleAlert } from 'lucide-react';
import { type ReactNode, type Ref, useEffect, useRef, useState } from 'react';
import { Code, useReadablePath } from '#/agent/Connect';
import { curlCommand } from '#/agent/snippets';
import type { Agent, ProposedRequest, RequestEntry, Service } from '#/client';
import { listRequestsOptions } from '#/client/@tanstack/react-query.gen';
import { gatewayUrl } from '#/gateway';
import { pathBelow } from '#/service/pathBelow';
import { reached } from '#/service/reached';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { BUTTON, Button, MAIN_BUTTON } from '#/ui/Button';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { TextField } from '#/ui/TextField';
import { dryRun, submit } from './agentCalls';
import { HeldSample } from './HeldSample';

/** The polling interval until both requests are there, in case an event is missed. */
const POLL_EVERY_MS = 5_000;

/** How many of the agent's requests are searched for the two. */
const SEARCHED_MAX = 50;

const READ_INTENT = 'Try the gateway for the first time';

/** Shows the samples and what became of them, whether this page sent them or the agent. */
export function Samples({
  agent,
  service,
  apiKey,
  onComplete,
}: {
  agent: Agent;
  service: Service;
  apiKey: string | undefined;
  /** Called once both were sent and decided on. */
  onComplete: () => void;
}) {
  const requests = useQuery({
    ...listRequestsOptions({ query: { agent_id: agent.id, limit: SEARCHED_MAX } }),
    refetchInterval: ({ state }) => (isComplete(state.data?.items) ? false : POLL_EVERY_MS),
  });
  const entries = requests.data?.items ?? [];
  const passed = entries.find(({ decision }) => decision === 'forward');
  const held = entries.find(({ decision }) => decision === 'hold');
  const isPending = held?.action_status === 'PENDING';
  const isDone = isComplete(entries) && !isPending;
  useEffect(() => {
    if (isDone) onComplete();
  }, [isDone, onComplete]);
  const readable = useReadablePath(service.id);
  const [typed, setTyped] = useState<string | null>(null);
  const written = typed ?? readable;
  const path = pathBelow(written, service.baseUrl);
  /** The held request that this page sent. */
  const [sentId, setSentId] = useState<string>();
  const holding = useRef<HTMLButtonElement>(null);
  const [sampleName] = useState(randomName);
  const samplePath = `/${sampleName}`;
  const heldIntent = `Delete ${sampleName} to try an approval`;
  const input = { url: gatewayUrl(), key: apiKey ?? 'agt_…', service: service.name };
  return (
    <Panel title="Send two samples">
      <div className="space-y-5">
        <Failure error={requests.error} onRetry={requests.refetch} />
        <Sample
          title="A request that passes"
          state={passed ? (isSuccess(passed) ? 'good' : 'bad') : 'waiting'}
        >
          {passed && <Passed entry={passed} />}
          <Send
            apiKey={apiKey}
            request={{ service: service.name, method: 'GET', path, intent: READ_INTENT }}
            command={curlCommand({ ...input, path }, 'GET', READ_INTENT)}
            hasFocus={passed === undefined}
            onSent={() => holding.current?.focus()}
            isAgain={passed !== undefined}
            isOpen={passed !== undefined && !isSuccess(passed)}
          >
            <TextField
              label="Path to read"
              className="font-mono"
              spellCheck={false}
              value={written}
              onChange={(event) => setTyped(event.target.value)}
            />
          </Send>
        </Sample>
        <Sample
          title="A request that needs your approval"
          state={!held ? 'waiting' : isPending ? 'pending' : 'good'}
        >
          {!held && (
            <p className="text-sm">
              Harmless: deletes <code className="text-xs break-all">{samplePath}</code>, which does
              not exist.
            </p>
          )}
          {!isPending && (
            <Send
              button={holding}
              apiKey={apiKey}
              request={{
                service: service.name,
                method: 'DELETE',
                path: samplePath,
                intent: heldIntent,
              }}
              command={curlCommand({ ...input, path: samplePath }, 'DELETE', heldIntent)}
              isHeld
              onHeld={setSentId}
              isAgain={held !== undefined}
            />
          )}
          {held?.action_id && (
            <HeldSample
              key={held.action_id}
              actionId={held.action_id}
              // A request of the agent itself is the agent's to execute.
              apiKey={held.action_id === sentId ? apiKey : undefined}
            />
          )}
        </Sample>
        {isDone && (
          <p className="text-sm">
            <strong>Setup is complete.</strong> Connect the agent below; its risky requests appear
            in the queue.
          </p>
        )}
        {isComplete(entries) && (
          <div className="flex flex-wrap gap-2">
            <Link to="/" className={isPending ? BUTTON : MAIN_BUTTON}>
              Open queue
            </Link>
            <Link to="/rules" className={BUTTON}>
              Write rules
            </Link>
          </div>
        )}
      </div>
    </Panel>
  );
}

/** Returns a name that nothing has, so that a service has nothing to delete. */
function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(5));
  return `sample-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Returns whether both kinds of requests are there. */
function isComplete(entries: readonly RequestEntry[] | undefined): boolean {
  const decisions = entries?.map(({ decision }) => decision) ?? [];
  return decisions.includes('forward') && decisions.includes('hold');
}

function isSuccess({ upstream_status, completed_at }: RequestEntry): boolean {
  if (upstream_status === null) return completed_at === null;
  return reached(upstream_status).isGood;
}

const STATES = {
  waiting: { icon: CircleDashed, color: 'text-soft', border: 'border-dashed border-line' },
  pending: { icon: CircleDashed, color: 'text-warn', border: 'border-hold' },
  good: { icon: CircleCheck, color: 'text-good', border: 'border-good' },
  bad: { icon: TriangleAlert, color: 'text-warn', border: 'border-hold' },
} as const;

function Sample({
  title,
  state,
  children,
}: {
  title: string;
  state: keyof typeof STATES;
  children: ReactNode;
}) {
  const { icon: Icon, color, border } = STATES[state];
  return (
    <section
      aria-label={title}
      data-state={state}
      className={`space-y-3 rounded-lg border-2 p-3 ${border}`}
    >
      <h3 className="flex items-center gap-2 font-semibold">
        <Icon aria-hidden className={`size-5 shrink-0 ${color}`} /> {title}
      </h3>
      {children}
    </section>
  );
}

/** Sends a sample, or shows the command that does. */
function Send({
  button,
  apiKey,
  request,
  command,
  isHeld = false,
  hasFocus = false,
  onHeld,
  onSent,
  isAgain,
  isOpen = false,
  children,
}: {
  button?: Ref<HTMLButtonElement>;
  apiKey: string | undefined;
  request: ProposedRequest;
  command: string;
  /** Whether it is sent only if the gateway would hold it. */
  isHeld?: boolean;
  /** Whether the button takes the focus when it appears. */
  hasFocus?: boolean;
  onHeld?: (actionId: string) => void;
  /** Called once a request that is not held was sent. */
  onSent?: () => void;
  isAgain: boolean;
  /** Whether the details are shown without being asked for. */
  isOpen?: boolean;
  /** The fields that change the request. */
  children?: ReactNode;
}) {
  const queries = useQueryClient();
  const [refusal, setRefusal] = useState('');
  const send = useMutation({
    mutationFn: async (key: string) => {
      setRefusal('');
      if (isHeld) {
        const { decision } = await dryRun(key, request);
        if (decision !== 'hold') return setRefusal(NOT_HELD[decision]);
      }
      const held = await submit(key, { ...request, wait: 0 });
      if (held) onHeld?.(held.action_id);
      else onSent?.();
    },
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <div className="space-y-2">
      {apiKey && (
        <Button
          ref={button}
          autoFocus={hasFocus}
          tone={isAgain ? 'plain' : 'main'}
          isBusy={send.isPending}
          onClick={() => send.mutate(apiKey)}
        >
          {isAgain ? 'Send again' : isHeld ? 'Send a sample that is held' : 'Send a sample'}
        </Button>
      )}
      <Failure error={send.error} />
      {refusal && <p className="text-sm text-warn">{refusal}</p>}
      {/* Without the key, the command is the only way to send it. */}
      <details className="text-sm" open={isOpen || apiKey === undefined}>
        <summary className="py-1 font-medium">Details</summary>
        <div className="mt-1 space-y-2">
          {children}
          <Code text={command} />
          <CopyButton text={command} label="Copy command" />
        </div>
      </details>
    </div>
  );
}

/** Why a sample that has to be held was not sent. */
const NOT_HELD = {
  forward: 'Not sent: your rules or the agent’s risk threshold would forward it without approval.',
  deny: 'Not sent: one of your rules denies it.',
} as const;

function Passed({ entry }: { entry: RequestEntry }) {
  const { upstream_status: status, completed_at } = entry;
  const found = status === null ? null : reached(status);
  return (
    <div role="status" className="min-w-0 text-sm">
      <strong className={found?.isGood ? 'text-good' : 'text-warn'}>
        {found?.isGood ? 'First request received' : 'Request received'}
      </strong>
      <p>
        <code className="text-xs">
          {entry.method} <Visible text={splitTarget(entry.target_url).path} />
        </code>{' '}
        passed.{' '}
        {found?.text ??
          (completed_at === null ? 'Waiting for the service.' : 'The service did not respond.')}
      </p>
    </div>
  );
}

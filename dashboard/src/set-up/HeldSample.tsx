/** A held sample: the decision on it, and what became of it. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { ActionDetail } from '#/action/ActionDetail';
import { cardOf } from '#/action/card';
import type { Action } from '#/client';
import { getApprovalOptions } from '#/client/@tanstack/react-query.gen';
import { useLive } from '#/live/LiveProvider';
import { FullCard } from '#/queue/Card';
import { DecisionBar } from '#/queue/DecisionBar';
import { useDecisions } from '#/queue/Decisions';
import { useHold } from '#/queue/useHold';
import { usePresses } from '#/queue/usePresses';
import { type Rejection, useSubject } from '#/queue/useSubject';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { useNow } from '#/ui/now';
import { execute } from './agentCalls';

/** Shows the sample as a card of the queue, and all of it on request. Once approved, this page executes it with the agent's key. */
export function HeldSample({ actionId, apiKey }: { actionId: string; apiKey: string | undefined }) {
  const action = useQuery(getApprovalOptions({ path: { action_id: actionId } }));
  if (!action.data) {
    return action.error ? <Failure error={action.error} onRetry={action.refetch} /> : <Loading />;
  }
  if (action.data.status === 'PENDING') {
    return <Decide action={action.data} isSentHere={apiKey !== undefined} />;
  }
  return <Decided action={action.data} apiKey={apiKey} />;
}

function Decide({ action, isSentHere }: { action: Action; isSentHere: boolean }) {
  const { submissions, failures, decide } = useDecisions();
  const subject = useSubject();
  const live = useLive();
  const [note, setNote] = useState<string | null>(null);
  const approve = () =>
    void decide(action, { kind: 'approve', note: note ?? '', isImmediate: true });
  const presses = usePresses(approve);
  const hold = useHold(() => isSeen() && approve());
  const [isDenying, setIsDenying] = useState(false);
  const [hint, setHint] = useState<string>();
  const [isWhole, setIsWhole] = useState(!cardOf(action).isComplete);
  const card = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!isSentHere) return;
    // The button that sent it is gone.
    card.current?.focus({ preventScroll: true });
    card.current?.scrollIntoView({ block: 'start' });
  }, [isSentHere]);
  const isSeen = (accepted: Rejection | null = null) => {
    const found = subject.rejection();
    const rejection = found === accepted ? null : found;
    setHint(rejection ? 'Scroll until the whole card is visible, then decide.' : undefined);
    return !rejection && live === 'live' && !submissions.has(action.action_id);
  };
  return (
    <article
      ref={card}
      tabIndex={-1}
      aria-label="Held request"
      className="scroll-mt-[calc(var(--header)+1rem)] space-y-3"
    >
      <div className="rounded-lg border border-line bg-panel p-3">
        {/* Only the content is measured, because rounded corners do not count as visible. */}
        <div ref={subject.ref} data-subject={action.action_id}>
          <FullCard action={action} />
        </div>
      </div>
      <Button
        tone="quiet"
        className="-ml-3 min-h-8 py-0"
        aria-expanded={isWhole}
        onClick={() => setIsWhole(!isWhole)}
      >
        {isWhole ? 'Show less' : 'Show everything'}
      </Button>
      {isWhole && <ActionDetail action={action} />}
      <DecisionBar
        action={action}
        isWhole
        live={live}
        submission={submissions.get(action.action_id)}
        failure={failures.get(action.action_id)}
        hint={hint}
        subject={subject}
        presses={presses}
        isHolding={hold.heldId !== null}
        note={note}
        onNote={setNote}
        onHold={() => isSeen() && hold.begin(action)}
        onHoldEnd={hold.end}
        isDenying={isDenying}
        onApprove={() => isSeen() && presses.press(action)}
        onDenying={(starts) => {
          presses.cancel();
          setIsDenying(starts);
        }}
        onDeny={(text, isBlocking) =>
          // The form was opened for this request, so a quick submit is deliberate.
          isSeen('new') && void decide(action, { kind: 'deny', note: text, isBlocking })
        }
      />
    </article>
  );
}

function Decided({ action, apiKey }: { action: Action; apiKey: string | undefined }) {
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: (key: string) => execute(key, action.action_id),
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSettled: () => queries.invalidateQueries(),
  });
  const { mutate } = run;
  const now = useNow();
  // Until then, the approval can be undone and the agent sees the request as pending.
  const isReleased = !action.releases_at || Date.parse(action.releases_at) <= now;
  const isApproved = action.status === 'APPROVED' && isReleased;
  const hasRun = useRef(false);
  useEffect(() => {
    if (!isApproved || !apiKey || hasRun.current) return;
    hasRun.current = true;
    mutate(apiKey);
  }, [isApproved, apiKey, mutate]);
  return (
    <div role="status" className="space-y-2 text-sm">
      <Failure error={run.error} onRetry={() => apiKey && mutate(apiKey)} />
      <p>
        <strong>{wordOf(action)}</strong>{' '}
        {isReleased ? explain(action, apiKey !== undefined) : 'You can still undo it.'}
      </p>
    </div>
  );
}

function wordOf({ status }: Action): string {
  if (status === 'EXECUTED') return 'Approved and sent.';
  return `${status.charAt(0)}${status.slice(1).toLowerCase()}.`;
}

function explain({ status, result }: Action, hasKey: boolean): string {
  switch (status) {
    case 'APPROVED':
      return hasKey
        ? 'The agent is executing it…'
        : 'The agent can execute it now. The request’s status explains how.';
    case 'EXECUTING':
      return 'The gateway is sending it…';
    case 'EXECUTED':
      return result ? `The service responded with ${result.status}.` : '';
    case 'DENIED':
      return 'Nothing was sent. Send another sample to try an approval.';
    case 'INDETERMINATE':
      return 'It may have been sent. Check the service, then record the outcome.';
    default:
      return 'It can no longer be approved. Send another sample.';
  }
}

/** Decisions, and what became of them. Nothing is hidden before the gateway has said that it happened. */
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useState } from 'react';
import { type Action, approve, blockAgent, deny } from '#/client';
import {
  getApprovalQueryKey,
  listPendingApprovalsQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { changeQueue, withoutAction } from '#/live/LiveProvider';
import { messageOf } from '#/session/client';
import { ProblemError } from '#/session/session';

/** What a human can decide. */
export type Choice =
  | { kind: 'approve'; note?: string }
  | { kind: 'deny'; note?: string; isBlocking: boolean };

/** What is under way and what failed, by action. */
export interface Decisions {
  busy: ReadonlySet<string>;
  failures: ReadonlyMap<string, string>;
  decide: (action: Action, choice: Choice) => Promise<boolean>;
}

/** Decides, and keeps what failed until it is tried again. */
export function useDecide(): Decisions {
  const queries = useQueryClient();
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set());
  const [failures, setFailures] = useState<ReadonlyMap<string, string>>(new Map());

  const decide = useCallback(
    async (action: Action, choice: Choice) => {
      const id = action.action_id;
      setBusy((before) => new Set(before).add(id));
      setFailures((before) => new Map([...before].filter(([key]) => key !== id)));
      const fail = (message: string) => setFailures((before) => new Map(before).set(id, message));
      try {
        await send(action, choice);
        changeQueue(queries, (held) => withoutAction(held, id));
        if (choice.kind === 'deny' && choice.isBlocking) {
          try {
            await blockAgent({ path: { id: action.agent_id }, throwOnError: true });
          } catch (error) {
            fail(`It was denied, but the agent was not blocked: ${messageOf(error)}.`);
            return false;
          }
        }
        return true;
      } catch (error) {
        const verb = choice.kind === 'approve' ? 'approved' : 'denied';
        fail(`You have not ${verb} it: ${messageOf(error)}.`);
        if (error instanceof ProblemError && error.status < 500) {
          void queries.invalidateQueries({ queryKey: listPendingApprovalsQueryKey() });
        }
        return false;
      } finally {
        void queries.invalidateQueries({
          queryKey: getApprovalQueryKey({ path: { action_id: id } }),
        });
        setBusy((before) => new Set([...before].filter((key) => key !== id)));
      }
    },
    [queries],
  );
  return { busy, failures, decide };
}

async function send(action: Action, choice: Choice) {
  const note = choice.note?.trim();
  const options = {
    path: { action_id: action.action_id },
    // What was on the screen is what is decided: the gateway compares.
    body: { digest: action.digest, ...(note ? { note } : {}) },
    throwOnError: true as const,
  };
  await (choice.kind === 'approve' ? approve(options) : deny(options));
}

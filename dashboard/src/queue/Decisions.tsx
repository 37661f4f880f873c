/**
 * Decisions and their results. They outlive the page on which they were made: a decision whose
 * response was lost stays unknown until the gateway says what happened.
 */
import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { type Action, blockAgent } from '#/client';
import {
  getApprovalQueryKey,
  listPendingApprovalsQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { changeQueue, withoutAction } from '#/live/LiveProvider';
import { messageOf } from '#/session/client';
import {
  type Choice,
  DECISION_MS_MAX,
  isDone,
  isRefusal,
  lostMessage,
  refusedMessage,
  send,
  statusOf,
  unknownMessage,
} from './send';

/** A decision that is under way. */
export interface Work {
  kind: 'approve' | 'deny' | 'block';
  /** Whether the response was lost, so that nobody knows what happened. */
  isUnknown: boolean;
}

/** What is under way and what failed, by action. */
export interface Decisions {
  works: ReadonlyMap<string, Work>;
  failures: ReadonlyMap<string, string>;
  /** Decides; true once the gateway has confirmed it. */
  decide: (action: Action, choice: Choice) => Promise<boolean>;
}

const DecisionsContext = createContext<Decisions | null>(null);

/** The decisions of this page. */
export function useDecisions(): Decisions {
  const decisions = useContext(DecisionsContext);
  if (!decisions) throw new Error('DecisionsProvider is missing');
  return decisions;
}

/** Keeps the decisions, and their failures until they are tried again. */
export function DecisionsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [works, setWorks] = useState<Decisions['works']>(new Map());
  const [failures, setFailures] = useState<Decisions['failures']>(new Map());
  const gone = useRef<AbortController | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    gone.current = controller;
    return () => controller.abort();
  }, []);

  const decide = useCallback(
    async (action: Action, choice: Choice) => {
      const id = action.action_id;
      const kind = choice.kind === 'deny' && choice.isBlocking ? 'block' : choice.kind;
      const work = (isUnknown: boolean) =>
        setWorks((before) => new Map(before).set(id, { kind, isUnknown }));
      const fail = (message: string) => {
        setFailures((before) => new Map(before).set(id, message));
        return false;
      };
      work(false);
      setFailures((before) => new Map([...before].filter(([key]) => key !== id)));
      try {
        try {
          await send(action, choice);
        } catch (error) {
          if (isRefusal(error)) return fail(refusedMessage(choice, error));
          work(true);
          const status = await statusOf(id, gone.current?.signal);
          if (!isDone(status, choice)) return fail(lostMessage(choice, status, error));
        }
        changeQueue(queries, (held) => withoutAction(held, id));
      } catch (error) {
        return fail(unknownMessage(choice, error));
      } finally {
        void queries.invalidateQueries({ queryKey: listPendingApprovalsQueryKey() });
        void queries.invalidateQueries({
          queryKey: getApprovalQueryKey({ path: { action_id: id } }),
        });
        setWorks((before) => new Map([...before].filter(([key]) => key !== id)));
      }
      if (kind !== 'block') return true;
      try {
        const path = { id: action.agent_id };
        const signal = AbortSignal.timeout(DECISION_MS_MAX);
        await blockAgent({ path, signal, throwOnError: true });
        return true;
      } catch (error) {
        const isCertain = isRefusal(error);
        return fail(
          `It was denied, but ${isCertain ? 'the agent was not blocked' : 'we do not know whether the agent was blocked'}: ${messageOf(error)}.`,
        );
      }
    },
    [queries],
  );
  const decisions = useMemo(() => ({ works, failures, decide }), [works, failures, decide]);
  return <DecisionsContext value={decisions}>{children}</DecisionsContext>;
}

/**
 * Decisions and their results. They outlive the page that they were made on: a decision whose response
 * was lost stays unknown until the gateway reports what happened.
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
  DECISION_MS_MAX,
  isDone,
  isRejection,
  lostMessage,
  type Ruling,
  rejectedMessage,
  send,
  statusOf,
  unknownMessage,
} from './send';

/** A decision that is being submitted. */
export interface Submission {
  kind: 'approve' | 'deny' | 'block';
  /** Whether the response was lost, so that the outcome is unknown. */
  isUnknown: boolean;
}

/** Ongoing and failed decisions, by action. */
export interface Decisions {
  submissions: ReadonlyMap<string, Submission>;
  failures: ReadonlyMap<string, string>;
  /** Submits a ruling; resolves to true once the gateway has confirmed it. */
  decide: (action: Action, ruling: Ruling) => Promise<boolean>;
}

const DecisionsContext = createContext<Decisions | null>(null);

/** Returns the decisions of this browser tab. */
export function useDecisions(): Decisions {
  const decisions = useContext(DecisionsContext);
  if (!decisions) throw new Error('DecisionsProvider is missing');
  return decisions;
}

/** Keeps ongoing decisions, and failures until the next attempt. */
export function DecisionsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [submissions, setSubmissions] = useState<Decisions['submissions']>(new Map());
  const [failures, setFailures] = useState<Decisions['failures']>(new Map());
  const gone = useRef<AbortController | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    gone.current = controller;
    return () => controller.abort();
  }, []);

  const decide = useCallback(
    async (action: Action, ruling: Ruling) => {
      const id = action.action_id;
      const kind = ruling.kind === 'deny' && ruling.isBlocking ? 'block' : ruling.kind;
      const setSubmission = (isUnknown: boolean) =>
        setSubmissions((before) => new Map(before).set(id, { kind, isUnknown }));
      const fail = (message: string) => {
        setFailures((before) => new Map(before).set(id, message));
        return false;
      };
      setSubmission(false);
      setFailures((before) => new Map([...before].filter(([key]) => key !== id)));
      try {
        try {
          await send(action, ruling);
        } catch (error) {
          if (isRejection(error)) return fail(rejectedMessage(ruling, error));
          setSubmission(true);
          const status = await statusOf(id, gone.current?.signal);
          if (!isDone(status, ruling)) return fail(lostMessage(ruling, status, error));
        }
        changeQueue(queries, (held) => withoutAction(held, id));
      } catch (error) {
        return fail(unknownMessage(ruling, error));
      } finally {
        void queries.invalidateQueries({ queryKey: listPendingApprovalsQueryKey() });
        void queries.invalidateQueries({
          queryKey: getApprovalQueryKey({ path: { action_id: id } }),
        });
        setSubmissions((before) => new Map([...before].filter(([key]) => key !== id)));
      }
      if (kind !== 'block') return true;
      try {
        const path = { id: action.agent_id };
        const signal = AbortSignal.timeout(DECISION_MS_MAX);
        await blockAgent({ path, signal, throwOnError: true });
        return true;
      } catch (error) {
        const isCertain = isRejection(error);
        return fail(
          `Denied, but ${isCertain ? 'the agent was not blocked' : 'it is unknown whether the agent was blocked'}: ${messageOf(error)}.`,
        );
      }
    },
    [queries],
  );
  const decisions = useMemo(
    () => ({ submissions, failures, decide }),
    [submissions, failures, decide],
  );
  return <DecisionsContext value={decisions}>{children}</DecisionsContext>;
}

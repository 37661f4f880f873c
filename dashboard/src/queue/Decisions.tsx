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
import { type Action, blockAgent, type PendingApprovals, type Problem } from '#/client';
import {
  getApprovalQueryKey,
  listPendingApprovalsQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { changeQueue, withoutAction } from '#/live/LiveProvider';
import { messageOf } from '#/session/client';
import { ProblemError } from '#/session/session';
import type { DecisionKind, Made } from './made';
import {
  type Count,
  DECISION_MS_MAX,
  isDone,
  isRejection,
  lostMessage,
  RULINGS_MAX,
  type Ruling,
  rejectedMessage,
  send,
  sendAll,
  statusOf,
  unknownMessage,
} from './send';
import { SHOWN_MAX, Toasts } from './Toasts';

/** A decision that is being submitted. */
export interface Submission {
  kind: DecisionKind;
  /** Whether the response was lost, so that the outcome is unknown. */
  isUnknown: boolean;
}

/** Ongoing and failed decisions, by action. */
export interface Decisions {
  submissions: ReadonlyMap<string, Submission>;
  failures: ReadonlyMap<string, string>;
  /** Submits a ruling; resolves to true once the gateway has confirmed it. */
  decide: (action: Action, ruling: Ruling) => Promise<boolean>;
  /**
   * Submits a ruling on each of several actions, and reports each result: null once the gateway has
   * confirmed it, otherwise what went wrong. `isOpen` says that the request waits for other approvals.
   */
  decideAll: (actions: readonly Action[], ruling: Ruling, onResult: Report) => Promise<void>;
}

/** Takes the result of one of several rulings. */
type Report = (action: Action, failure: string | null, isOpen: boolean) => void;

/** How many outcomes are asked for at the same time: a browser has six connections to a gateway. */
const PARALLEL_MAX = 4;

const DecisionsContext = createContext<Decisions | null>(null);

/** Returns the decisions of this browser tab. */
export function useDecisions(): Decisions {
  const decisions = useContext(DecisionsContext);
  if (!decisions) throw new Error('DecisionsProvider is missing');
  return decisions;
}

/** Keeps ongoing decisions, failures until the next attempt, and shows the confirmed ones. */
export function DecisionsProvider({ children }: { children: ReactNode }) {
  const queries = useQueryClient();
  const [submissions, setSubmissions] = useState<Decisions['submissions']>(new Map());
  const [failures, setFailures] = useState<Decisions['failures']>(new Map());
  const [made, setMade] = useState<Made[]>([]);
  const gone = useRef<AbortController | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    gone.current = controller;
    return () => controller.abort();
  }, []);

  /** Submits a ruling, and returns the approvals of a request that waits for others, or what went wrong. */
  const rule = useCallback(
    async (
      action: Action,
      ruling: Ruling,
      onUnknown: () => void,
    ): Promise<{ count: Count | null } | { failure: string }> => {
      const id = action.action_id;
      try {
        let count: Count | null = null;
        try {
          count = await send(action, ruling);
        } catch (error) {
          if (isRejection(error)) return { failure: rejectedMessage(ruling, error) };
          onUnknown();
          const found = await statusOf(id, gone.current?.signal);
          if (!isDone(found, ruling)) return { failure: lostMessage(ruling, found.status, error) };
          if (found.status === 'PENDING') count = found.approvals;
        }
        if (count === null) changeQueue(queries, (held) => withoutAction(held, id));
        return { count };
      } catch (error) {
        return { failure: unknownMessage(ruling, error) };
      } finally {
        void queries.invalidateQueries({
          queryKey: getApprovalQueryKey({ path: { action_id: id } }),
        });
      }
    },
    [queries],
  );

  const decide = useCallback(
    async (action: Action, ruling: Ruling) => {
      const id = action.action_id;
      const kind: DecisionKind =
        ruling.kind === 'deny' && ruling.isBlocking ? 'block' : ruling.kind;
      const setSubmission = (isUnknown: boolean) =>
        setSubmissions((before) => new Map(before).set(id, { kind, isUnknown }));
      const fail = (message: string) => {
        setFailures((before) => new Map(before).set(id, message));
        return false;
      };
      setSubmission(false);
      setFailures((before) => new Map([...before].filter(([key]) => key !== id)));
      try {
        const ruled = await rule(action, ruling, () => setSubmission(true));
        if ('failure' in ruled) return fail(ruled.failure);
        if (kind === 'block') await block(action.agent_id);
        const made: Made = { kind, action, count: ruled.count };
        setMade((before) => {
          const others = before.filter((one) => one.action.action_id !== id);
          return [...others, made].slice(-SHOWN_MAX);
        });
        return true;
      } catch (error) {
        const isCertain = isRejection(error);
        return fail(
          `Denied, but ${isCertain ? 'the agent was not blocked' : 'it is unknown whether the agent was blocked'}: ${messageOf(error)}.`,
        );
      } finally {
        void queries.invalidateQueries({ queryKey: listPendingApprovalsQueryKey() });
        setSubmissions((before) => new Map([...before].filter(([key]) => key !== id)));
      }
    },
    [queries, rule],
  );

  const decideAll = useCallback<Decisions['decideAll']>(
    async (actions, ruling, onResult) => {
      const done = new Set<string>();
      const report: Report = (action, failure, isOpen) => {
        if (failure === null && !isOpen) done.add(action.action_id);
        onResult(action, failure, isOpen);
      };
      for (let at = 0; at < actions.length; at += RULINGS_MAX) {
        await ruleAll(actions.slice(at, at + RULINGS_MAX), ruling, report, gone.current?.signal);
      }
      changeQueue(queries, (held) => withoutActions(held, done));
      void queries.invalidateQueries({ queryKey: listPendingApprovalsQueryKey() });
      void queries.invalidateQueries({ predicate: isApprovalQuery });
    },
    [queries],
  );

  const onLeave = useCallback(
    (gone: Made) => setMade((before) => before.filter((one) => one !== gone)),
    [],
  );
  const decisions = useMemo(
    () => ({ submissions, failures, decide, decideAll }),
    [submissions, failures, decide, decideAll],
  );
  return (
    <DecisionsContext value={decisions}>
      {children}
      <Toasts made={made} onLeave={onLeave} />
    </DecisionsContext>
  );
}

async function block(agentId: number): Promise<void> {
  const signal = AbortSignal.timeout(DECISION_MS_MAX);
  await blockAgent({ path: { id: agentId }, signal, throwOnError: true });
}

/** Submits rulings in one call, and reports each result. */
async function ruleAll(
  actions: readonly Action[],
  ruling: Ruling,
  report: Report,
  gone: AbortSignal | undefined,
): Promise<void> {
  try {
    const results = await sendAll(actions, ruling);
    for (const action of actions) {
      const result = results.get(action.action_id);
      // A result that is missing is not a confirmation.
      if (result === undefined) report(action, 'The gateway did not report a result.', false);
      else {
        const { problem, status } = result;
        const failure = problem && rejectedMessage(ruling, problemError(problem));
        report(action, failure, status === 'PENDING');
      }
    }
  } catch (error) {
    if (isRejection(error)) {
      for (const action of actions) report(action, rejectedMessage(ruling, error), false);
      return;
    }
    // The response was lost: some may have been decided.
    const rest = [...actions];
    const work = async () => {
      for (let action = rest.shift(); action; action = rest.shift()) {
        try {
          const found = await statusOf(action.action_id, gone);
          const failure = isDone(found, ruling) ? null : lostMessage(ruling, found.status, error);
          report(action, failure, failure === null && found.status === 'PENDING');
        } catch (unknown) {
          report(action, unknownMessage(ruling, unknown), false);
        }
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_MAX }, work));
  }
}

function problemError(problem: Problem): ProblemError {
  return new ProblemError(problem.status, { ...problem });
}

function withoutActions(held: PendingApprovals | undefined, ids: ReadonlySet<string>) {
  if (!held) return held;
  return { ...held, approvals: held.approvals.filter(({ action_id }) => !ids.has(action_id)) };
}

function isApprovalQuery({ queryKey }: { queryKey: readonly unknown[] }): boolean {
  return (queryKey[0] as { _id?: string } | undefined)?._id === 'getApproval';
}

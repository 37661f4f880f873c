/** Applies the gateway's events to the cached queries. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { EventSourceMessage } from 'eventsource-parser';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { type Action, getApproval, type PendingApprovals } from '#/client';
import type * as generated from '#/client/@tanstack/react-query.gen';
import {
  getKillSwitchQueryKey,
  listPendingApprovalsQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { notify } from '#/notify/notify';
import { sessionUser } from '#/session/session';
import { followShared } from './shared';
import type { StreamState } from './stream';

/** The operationIds of the API's queries, taken from the generated client. */
type QueryId = keyof typeof generated extends infer Name
  ? Name extends `${infer Id}QueryKey`
    ? Id
    : never
  : never;

/** Queries whose results any event may change. */
const REFETCHED: ReadonlySet<QueryId> = new Set<QueryId>([
  'listRequests',
  'getRequest',
  'listApprovals',
  'getOverview',
  'listAudit',
  'listAgents',
  'listServices',
  'getAgent',
]);

function operationOf(queryKey: readonly unknown[]): QueryId | undefined {
  // The generated client puts the operationId into the first part of each of its keys.
  return (queryKey[0] as { _id?: QueryId } | undefined)?._id;
}

const LiveContext = createContext<StreamState>('connecting');

/** Returns the state of the event stream. */
export const useLive = () => useContext(LiveContext);

/** Queries other than the queue are refetched at most this often. */
const REFETCH_EVERY_MS = 1000;

/** When more actions than this are being fetched, the whole queue is fetched instead. */
const PARALLEL_FETCHES_MAX = 4;

/** Follows the gateway's events while it is mounted. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<StreamState>('connecting');
  const queries = useQueryClient();
  const navigate = useNavigate();

  useEffect(() => {
    const pendingKey = listPendingApprovalsQueryKey();
    let refetch: ReturnType<typeof setTimeout> | undefined;
    const refetchOthers = () => {
      refetch ??= setTimeout(() => {
        refetch = undefined;
        void queries.invalidateQueries({
          predicate: ({ queryKey }) => {
            const id = operationOf(queryKey);
            return id !== undefined && REFETCHED.has(id);
          },
        });
      }, REFETCH_EVERY_MS);
    };
    let fetching = 0;
    let refetchQueue: ReturnType<typeof setTimeout> | undefined;
    const onCreated = async (actionId: string) => {
      // A burst is fetched as one list.
      if (fetching >= PARALLEL_FETCHES_MAX) {
        refetchQueue ??= setTimeout(() => {
          refetchQueue = undefined;
          void queries.invalidateQueries({ queryKey: pendingKey });
        }, REFETCH_EVERY_MS);
        return;
      }
      fetching += 1;
      try {
        // The truncated form that lists use, because a full body may be megabytes.
        const { data: action } = await getApproval({
          path: { action_id: actionId },
          query: { preview: true },
          throwOnError: true,
        });
        if (action.status !== 'PENDING') return;
        changeQueue(queries, (held) => withAction(held, action));
        notify(action, (id) => void navigate({ to: '/', search: { action: id } }));
      } catch {
        void queries.invalidateQueries({ queryKey: pendingKey });
      } finally {
        fetching -= 1;
      }
    };
    const onUpdated = (actionId: string, status: string | undefined) => {
      if (status === 'PENDING') return;
      changeQueue(queries, (held) => withoutAction(held, actionId));
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => {
          if (operationOf(queryKey) !== 'getApproval') return false;
          const { path } = queryKey[0] as { path?: { action_id?: string } };
          return path?.action_id === actionId;
        },
      });
    };
    const onEvent = (event: EventSourceMessage) => {
      if (event.event === 'reload') return void queries.invalidateQueries();
      const data = JSON.parse(event.data);
      if (event.event === 'action.created') void onCreated(data.action_id);
      if (event.event === 'action.updated') onUpdated(data.action_id, data.status);
      if (event.event === 'kill_switch.changed') {
        void queries.invalidateQueries({ queryKey: getKillSwitchQueryKey() });
      }
      refetchOthers();
    };
    const stop = followShared(
      { onState: setState, onEvent, onConnected: () => void queries.invalidateQueries() },
      sessionUser(),
    );
    return () => {
      clearTimeout(refetch);
      clearTimeout(refetchQueue);
      stop();
    };
  }, [queries, navigate]);

  return <LiveContext value={state}>{children}</LiveContext>;
}

/** Returns the queue with an action inserted or replaced, oldest first. */
function withAction(held: PendingApprovals | undefined, action: Action) {
  if (!held) return held;
  const others = held.approvals.filter(({ action_id }) => action_id !== action.action_id);
  const approvals = [...others, action];
  approvals.sort((a, b) => a.created_at.localeCompare(b.created_at));
  return { ...held, approvals };
}

/** Changes the cached queue, and refetches a list in flight that may predate the change. */
export function changeQueue(
  queries: QueryClient,
  change: (held: PendingApprovals | undefined) => PendingApprovals | undefined,
) {
  const queryKey = listPendingApprovalsQueryKey();
  queries.setQueryData<PendingApprovals>(queryKey, change);
  if (queries.isFetching({ queryKey }) > 0) void queries.invalidateQueries({ queryKey });
}

/** Returns the queue without an action. */
export function withoutAction(held: PendingApprovals | undefined, actionId: string) {
  if (!held) return held;
  return { ...held, approvals: held.approvals.filter(({ action_id }) => action_id !== actionId) };
}

/** Applies the gateway's events to the cached queries. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import type { EventSourceMessage } from 'eventsource-parser';
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
import { type Action, getApproval, getService, type PendingApprovals } from '#/client';
import type * as generated from '#/client/@tanstack/react-query.gen';
import {
  getKillSwitchQueryKey,
  listPendingApprovalsQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { collectBursts } from '#/notify/burst';
import { failingNotice, noticeOf } from '#/notify/notice';
import { keepPush, notifyState, show } from '#/notify/notify';
import { onNotificationClick } from '#/notify/worker';
import { sessionUser } from '#/session/session';
import { isPaginated, refreshPages } from './pages';
import { followShared } from './shared';
import type { Following, StreamState } from './stream';

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
  'getInbox',
  'getOverview',
  'listAudit',
  'listAgents',
  'listServices',
  'getService',
  'getAgent',
]);

function operationOf(queryKey: readonly unknown[]): QueryId | undefined {
  // The generated client puts the operationId into the first part of each of its keys.
  return (queryKey[0] as { _id?: QueryId } | undefined)?._id;
}

/** The connection to the gateway. */
interface Connection {
  state: StreamState;
  /** When the connection was lost, in milliseconds; null while there is one, or before the first. */
  lostAt: number | null;
  /** Reconnects now, and fetches what the page shows. */
  retry: () => void;
}

const LiveContext = createContext<Connection>({
  state: 'connecting',
  lostAt: null,
  retry: () => {},
});

/** Returns the state of the event stream. */
export const useLive = () => useContext(LiveContext).state;

/** Returns the connection to the gateway. */
export const useConnection = () => useContext(LiveContext);

/**
 * The events after which an action is still pending: the agent has asked again, or someone has approved a
 * request that waits for others.
 */
const STILL_PENDING: ReadonlySet<string> = new Set([
  'action.repeated',
  'action.voted',
  'action.vote_withdrawn',
  // The approval that follows reports the state.
  'action.glass_broken',
]);

/** Queries other than the queue are refetched at most this often. */
const REFETCH_EVERY_MS = 1000;

/** When more actions than this are being fetched, the whole queue is fetched instead. */
const PARALLEL_FETCHES_MAX = 4;

/** Follows the gateway's events while it is mounted. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<StreamState>('connecting');
  const [lostAt, setLostAt] = useState<number | null>(null);
  const following = useRef<Following>(null);
  const queries = useQueryClient();
  const navigate = useNavigate();

  useEffect(() => {
    const pendingKey = listPendingApprovalsQueryKey();
    const open = (actionId?: string) =>
      void navigate({ to: '/', search: actionId === undefined ? {} : { action: actionId } });
    const stopClicks = onNotificationClick(open);
    // For the user, the workspace, and the session of this page.
    if (notifyState() === 'on') void keepPush();
    const burst = collectBursts((notice) => void show(notice, open));
    const announce = (actionId: string, action?: Action) => {
      if (notifyState() === 'on') burst.add(actionId, action);
    };
    let isStopped = false;
    let refetch: ReturnType<typeof setTimeout> | undefined;
    /** The actions that have changed since the last refetch. */
    let changed = new Set<string>();
    const refetchOthers = () => {
      refetch ??= setTimeout(() => {
        refetch = undefined;
        const since = changed;
        changed = new Set();
        const others = queries.getQueryCache().findAll({
          predicate: ({ queryKey }) => {
            const id = operationOf(queryKey);
            return id !== undefined && REFETCHED.has(id);
          },
        });
        for (const query of others) {
          if (!isPaginated(query)) {
            void queries.invalidateQueries({ queryKey: query.queryKey, exact: true });
            continue;
          }
          void refreshPages(queries, query, since).then((isDone) => {
            if (isDone || isStopped) return;
            for (const id of since) changed.add(id);
            refetchOthers();
          });
        }
      }, REFETCH_EVERY_MS);
    };
    /** The new actions that are being fetched, and have not been decided since. */
    const fetching = new Set<string>();
    let refetchQueue: ReturnType<typeof setTimeout> | undefined;
    const onCreated = async (actionId: string) => {
      // A burst is fetched as one list.
      if (fetching.size >= PARALLEL_FETCHES_MAX) {
        announce(actionId);
        refetchQueue ??= setTimeout(() => {
          refetchQueue = undefined;
          void queries.invalidateQueries({ queryKey: pendingKey });
        }, REFETCH_EVERY_MS);
        return;
      }
      fetching.add(actionId);
      try {
        // The truncated form that lists use, because a full body may be megabytes.
        const { data: action } = await getApproval({
          path: { action_id: actionId },
          query: { preview: true },
          throwOnError: true,
        });
        if (action.status !== 'PENDING' || !fetching.has(actionId)) return;
        changeQueue(queries, (held) => withAction(held, action));
        announce(actionId, action);
      } catch {
        void queries.invalidateQueries({ queryKey: pendingKey });
      } finally {
        fetching.delete(actionId);
      }
    };
    const onUnknown = async (actionId: string) => {
      const { data: action } = await getApproval({
        path: { action_id: actionId },
        query: { preview: true },
        throwOnError: true,
      });
      await show(noticeOf(action), open);
    };
    const onFailing = async (serviceId: number) => {
      const { data: service } = await getService({ path: { id: serviceId }, throwOnError: true });
      await show(failingNotice(service), open);
    };
    const refetchAction = (actionId: string) => {
      void queries.invalidateQueries({
        predicate: ({ queryKey }) => {
          if (operationOf(queryKey) !== 'getApproval') return false;
          const { path } = queryKey[0] as { path?: { action_id?: string } };
          return path?.action_id === actionId;
        },
      });
    };
    const onUpdated = (actionId: string, status: string | undefined) => {
      changed.add(actionId);
      if (status === 'PENDING') return;
      // The list of what needs a human shows it even if this fails.
      if (status === 'INDETERMINATE') void onUnknown(actionId).catch(() => {});
      fetching.delete(actionId);
      changeQueue(queries, (held) => withoutAction(held, actionId));
      refetchAction(actionId);
    };
    const onEvent = (event: EventSourceMessage) => {
      if (event.event === 'reload') return void queries.invalidateQueries();
      const data = JSON.parse(event.data);
      if (event.event === 'action.created') void onCreated(data.action_id);
      if (event.event === 'action.updated') {
        if (STILL_PENDING.has(data.event)) {
          refetchAction(data.action_id);
          if (data.event !== 'action.repeated') {
            void queries.invalidateQueries({ queryKey: pendingKey });
          }
        } else onUpdated(data.action_id, data.status);
      }
      // The inbox shows it even if this fails.
      if (event.event === 'credential.failing') void onFailing(data.service_id).catch(() => {});
      if (event.event === 'kill_switch.changed') {
        void queries.invalidateQueries({ queryKey: getKillSwitchQueryKey() });
      }
      if (event.event === 'members.changed') {
        // A role decides what may be done with everything that is shown.
        void queries.invalidateQueries();
      }
      refetchOthers();
    };
    const onState = (now: StreamState) => {
      setState(now);
      // While it reconnects, it is still lost.
      if (now === 'live') setLostAt(null);
      if (now === 'broken') setLostAt((before) => before ?? Date.now());
    };
    following.current = followShared(
      { onState, onEvent, onConnected: () => void queries.invalidateQueries() },
      sessionUser(),
    );
    return () => {
      isStopped = true;
      clearTimeout(refetch);
      clearTimeout(refetchQueue);
      burst.stop();
      stopClicks();
      following.current?.stop();
    };
  }, [queries, navigate]);

  const retry = useCallback(() => {
    following.current?.retry();
    void queries.invalidateQueries();
  }, [queries]);
  const connection = useMemo(() => ({ state, lostAt, retry }), [state, lostAt, retry]);
  return <LiveContext value={connection}>{children}</LiveContext>;
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

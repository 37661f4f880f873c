/** Groups requests that are held within a moment, so that a burst is one notification. */
import type { Action } from '#/client';
import { groupNotice, type Notice, noticeOf } from './notice';

/** How long after the first request others belong to the same burst, in milliseconds. */
const BURST_MS = 500;

/** Up to this many requests of a burst are notified one by one. */
const SINGLE_MAX = 2;

/** Collects held requests. */
export interface Burst {
  /** Adds a request. Without its action, it is only counted. */
  add: (actionId: string, action?: Action) => void;
  /** Drops what was not shown yet, and ignores what is added later. */
  stop: () => void;
}

/** Returns a collector that calls `show` with the notifications of each burst. */
export function collectBursts(show: (notice: Notice) => void): Burst {
  let held = new Map<string, Action | undefined>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const flush = () => {
    timer = undefined;
    const actions = [...held.values()].filter((action) => action !== undefined);
    if (held.size <= SINGLE_MAX && actions.length === held.size) {
      for (const action of actions) show(noticeOf(action));
    } else show(groupNotice([...held.keys()], actions));
    held = new Map();
  };
  return {
    add: (actionId, action) => {
      if (isStopped) return;
      held.set(actionId, action ?? held.get(actionId));
      timer ??= setTimeout(flush, BURST_MS);
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

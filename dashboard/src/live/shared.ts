/**
 * One event stream for all tabs of a browser. Browsers open at most six HTTP/1.1 connections to a
 * gateway, and a stream keeps one open: with one stream per tab, the seventh tab could not load.
 */
import type { EventSourceMessage } from 'eventsource-parser';
import {
  type Following,
  followEvents,
  type Listener,
  SILENCE_MS_MAX,
  type StreamState,
} from './stream';

/** A message between tabs. */
type Message =
  | { kind: 'state'; state: StreamState }
  | { kind: 'event'; event: EventSourceMessage }
  /** Sent by a new tab to ask for the state. */
  | { kind: 'hello' }
  /** Asks the tab that reads the stream to reconnect now. */
  | { kind: 'retry' };

/**
 * Follows the stream. The tab that holds a lock reads the
 * stream and passes it on; when that tab closes, another one takes over.
 *
 * `user` separates the tabs of different users.
 */
export function followShared(listener: Listener, user: string): Following {
  // Browsers lack both outside secure contexts, that is, over plain HTTP from another machine.
  if (!navigator.locks || !('BroadcastChannel' in window)) return followWhileVisible(listener);
  const name = `gaiterguard.events.${user}`;
  const stop = new AbortController();
  const channel = new BroadcastChannel(name);
  const post = (message: Message) => {
    if (!stop.signal.aborted) channel.postMessage(message);
  };
  let state: StreamState = 'connecting';
  let reading: Following | undefined;
  /** Takes over a state from the tab that reads the stream. */
  const follow = (now: StreamState) => {
    const isConnected = now === 'live' && state !== 'live';
    state = now;
    listener.onState(now);
    if (isConnected) listener.onConnected();
  };

  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => follow('broken'), SILENCE_MS_MAX);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (reading) {
      if (data.kind === 'retry') reading.retry();
      if (data.kind === 'hello') post({ kind: 'state', state });
      return;
    }
    if (data.kind === 'hello' || data.kind === 'retry') return;
    heard();
    if (data.kind === 'state') follow(data.state);
    if (data.kind === 'event') listener.onEvent(data.event);
  };

  const read = () => {
    clearTimeout(silence);
    reading = followEvents({
      onState: (now) => {
        state = now;
        listener.onState(now);
        post({ kind: 'state', state });
      },
      onConnected: () => listener.onConnected(),
      onEvent: (event) => {
        listener.onEvent(event);
        post({ kind: 'event', event });
      },
      onAlive: () => post({ kind: 'state', state }),
    });
    return reading;
  };
  listener.onState('connecting');
  post({ kind: 'hello' });
  heard();
  navigator.locks
    .request(name, { signal: stop.signal }, () => {
      const following = read();
      return new Promise<void>((resolve) => {
        stop.signal.addEventListener('abort', () => {
          following.stop();
          resolve();
        });
      });
    })
    // Stopped before this tab got the lock.
    .catch(() => {});
  return {
    stop: () => {
      stop.abort();
      clearTimeout(silence);
      channel.close();
    },
    retry: () => (reading ? reading.retry() : post({ kind: 'retry' })),
  };
}

/** Without locks, each tab has its own stream, but only while it is visible. */
function followWhileVisible(listener: Listener): Following {
  let reading: Following | undefined;
  const change = () => {
    if (document.visibilityState === 'visible') reading ??= followEvents(listener);
    else {
      reading?.stop();
      reading = undefined;
      listener.onState('connecting');
    }
  };
  change();
  document.addEventListener('visibilitychange', change);
  return {
    stop: () => {
      document.removeEventListener('visibilitychange', change);
      reading?.stop();
    },
    retry: () => reading?.retry(),
  };
}

/**
 * One event stream for all tabs of a browser. Browsers open at most six HTTP/1.1 connections to a
 * gateway, and a stream keeps one: with one for each tab, the seventh tab could not even load.
 */
import type { ServerEvent } from './parse';
import { followEvents, type Listener, SILENCE_MS_MAX, type StreamState } from './stream';

/** What the tab that has the stream says to the others. */
type Message =
  | { kind: 'state'; state: StreamState }
  | { kind: 'connected' }
  | { kind: 'event'; event: ServerEvent }
  /** A tab that has just opened asks for the state. */
  | { kind: 'hello' };

/**
 * Follows the stream until told to stop. The tab that holds a lock reads it and passes it on; when
 * that tab closes, the next one takes over.
 *
 * `user` keeps the tabs of two users apart.
 */
export function followShared(listener: Listener, user: string): () => void {
  // Both are missing at the same time: on a page that came over plain HTTP from another machine.
  if (!navigator.locks || !('BroadcastChannel' in window)) return followWhileVisible(listener);
  const name = `gaiterguard.events.${user}`;
  const stop = new AbortController();
  const channel = new BroadcastChannel(name);
  const say = (message: Message) => {
    if (!stop.signal.aborted) channel.postMessage(message);
  };
  let state: StreamState = 'connecting';
  let isReading = false;

  let silence: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    clearTimeout(silence);
    silence = setTimeout(() => listener.onState('broken'), SILENCE_MS_MAX);
  };
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (isReading) {
      if (data.kind !== 'hello') return;
      say({ kind: 'state', state });
      if (state === 'live') say({ kind: 'connected' });
      return;
    }
    if (data.kind === 'hello') return;
    heard();
    if (data.kind === 'state') listener.onState(data.state);
    if (data.kind === 'connected') listener.onConnected();
    if (data.kind === 'event') listener.onEvent(data.event);
  };

  const read = () => {
    isReading = true;
    clearTimeout(silence);
    return followEvents({
      onState: (now) => {
        state = now;
        listener.onState(now);
        say({ kind: 'state', state });
      },
      onConnected: () => {
        listener.onConnected();
        say({ kind: 'connected' });
      },
      onEvent: (event) => {
        listener.onEvent(event);
        say({ kind: 'event', event });
      },
      onAlive: () => say({ kind: 'state', state }),
    });
  };
  listener.onState('connecting');
  say({ kind: 'hello' });
  heard();
  navigator.locks
    .request(name, { signal: stop.signal }, () => {
      const end = read();
      return new Promise<void>((resolve) => {
        stop.signal.addEventListener('abort', () => {
          end();
          resolve();
        });
      });
    })
    // Given up before it was this tab's turn.
    .catch(() => {});
  return () => {
    stop.abort();
    clearTimeout(silence);
    channel.close();
  };
}

/** Without locks each tab has its own stream, but only while it is looked at. */
function followWhileVisible(listener: Listener): () => void {
  let end: (() => void) | undefined;
  const change = () => {
    if (document.visibilityState === 'visible') end ??= followEvents(listener);
    else {
      end?.();
      end = undefined;
      listener.onState('connecting');
    }
  };
  change();
  document.addEventListener('visibilitychange', change);
  return () => {
    document.removeEventListener('visibilitychange', change);
    end?.();
  };
}

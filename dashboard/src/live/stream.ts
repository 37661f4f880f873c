/** The gateway's event stream. EventSource cannot send an access token, so `fetch` reads it. */

import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { GATEWAY_PATH } from '#/gateway';
import { sessionFetch } from '#/session/session';

/** The state of the stream. */
export type StreamState = 'connecting' | 'live' | 'broken';

/** The gateway sends a comment every 15 seconds; after this silence the stream counts as broken. */
export const SILENCE_MS_MAX = 40_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** Receives the stream. */
export interface Listener {
  onState: (state: StreamState) => void;
  onEvent: (event: EventSourceMessage) => void;
  /** Called on each connection: earlier events may have been missed. */
  onConnected: () => void;
  /** Called for everything that arrives, keep-alive comments included. */
  onAlive?: () => void;
}

/** A stream that is being followed. */
export interface Following {
  stop: () => void;
  /** Reconnects now instead of after the pause. */
  retry: () => void;
}

/** Dispatched to end the pause before a reconnection. */
const RETRY = 'retry';

/** Follows the stream, reconnecting when it breaks. */
export function followEvents(listener: Listener): Following {
  const stop = new AbortController();
  const wishes = new EventTarget();
  void follow(listener, stop.signal, wishes);
  return { stop: () => stop.abort(), retry: () => wishes.dispatchEvent(new Event(RETRY)) };
}

async function follow(listener: Listener, signal: AbortSignal, wishes: EventTarget) {
  let lastId: string | null = null;
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    listener.onState('connecting');
    try {
      await readOnce(
        lastId,
        signal,
        () => {
          listener.onState('live');
          listener.onConnected();
        },
        (event) => {
          lastId = event.id ?? lastId;
          listener.onEvent(event);
        },
        () => {
          // A proxy may accept the connection and close it before anything arrives.
          retryMs = RETRY_MS_MIN;
          listener.onAlive?.();
        },
      );
    } catch {
      // The cause does not matter: the loop reconnects, and the state shows it.
    }
    if (signal.aborted) return;
    listener.onState('broken');
    await pause(retryMs, signal, wishes);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }
}

async function readOnce(
  lastId: string | null,
  signal: AbortSignal,
  onConnected: () => void,
  onEvent: (event: EventSourceMessage) => void,
  onAlive: () => void,
) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastId !== null) headers['Last-Event-ID'] = lastId;
  try {
    const response = await sessionFetch(`${GATEWAY_PATH}/events`, {
      headers,
      cache: 'no-store',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw new Error(`status ${response.status}`);
    onConnected();
    await readEvents(response.body, onEvent, () => {
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
      onAlive();
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Reads a stream to its end. `onAlive` is called for each chunk, before the events that it completes. */
export async function readEvents(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEvent: (event: EventSourceMessage) => void,
  onAlive: () => void,
) {
  const parser = createParser({ onEvent });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    onAlive();
    parser.feed(value);
  }
}

/** Waits, but at most until the browser is back online or a retry is wished for. */
function pause(milliseconds: number, signal: AbortSignal, wishes: EventTarget): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      wishes.removeEventListener(RETRY, done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    wishes.addEventListener(RETRY, done);
    signal.addEventListener('abort', done);
  });
}

/** The gateway's event stream. The browser's own EventSource cannot send a token, so it is read here. */
import { sessionFetch } from '#/session/session';
import { EventParser, type ServerEvent } from './parse';

/** How the stream stands. */
export type StreamState = 'connecting' | 'live' | 'broken';

/** The gateway says something every 15 seconds; after this silence the stream is taken for dead. */
export const SILENCE_MS_MAX = 40_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** Who follows the stream. */
export interface Listener {
  onState: (state: StreamState) => void;
  onEvent: (event: ServerEvent) => void;
  /** Called each time the stream stands: what happened before may not have been told. */
  onConnected: () => void;
  /** Called for everything that arrives, the gateway's signs of life included. */
  onAlive?: () => void;
}

/** Follows the stream until told to stop, coming back whenever it breaks. */
export function followEvents(listener: Listener): () => void {
  const stop = new AbortController();
  void follow(listener, stop.signal);
  return () => stop.abort();
}

async function follow(listener: Listener, signal: AbortSignal) {
  let lastId: string | null = null;
  let retryMs = RETRY_MS_MIN;
  while (!signal.aborted) {
    listener.onState('connecting');
    try {
      await readOnce(
        lastId,
        signal,
        () => {
          retryMs = RETRY_MS_MIN;
          listener.onState('live');
          listener.onConnected();
        },
        (event) => {
          lastId = event.id ?? lastId;
          listener.onEvent(event);
        },
        () => listener.onAlive?.(),
      );
    } catch {
      // Why it broke does not matter: it is tried again, and the state says so.
    }
    if (signal.aborted) return;
    listener.onState('broken');
    await pause(retryMs, signal);
    retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
  }
}

async function readOnce(
  lastId: string | null,
  signal: AbortSignal,
  onConnected: () => void,
  onEvent: (event: ServerEvent) => void,
  onAlive: () => void,
) {
  const silence = new AbortController();
  let timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (lastId !== null) headers['Last-Event-ID'] = lastId;
  try {
    const response = await sessionFetch('/events', {
      headers,
      cache: 'no-store',
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!response.ok || !response.body) throw new Error(`answered ${response.status}`);
    onConnected();
    const parser = new EventParser();
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS_MAX);
      onAlive();
      for (const event of parser.push(value)) onEvent(event);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** Waits, but not longer than until the browser is back on a network. */
function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener('online', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    window.addEventListener('online', done);
    signal.addEventListener('abort', done);
  });
}

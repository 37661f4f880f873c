import { describe, expect, it } from 'vitest';
import { readEvents } from './stream';

const STREAM =
  'retry: 1000\n: connected\n\nid: 7\nevent: action.created\ndata: {"ä":\ndata: 1}\n\n' +
  'event: reload\r\ndata: {}\r\n\r\n: still here\n\n';

const EVENTS = [
  { id: '7', event: 'action.created', data: '{"ä":\n1}' },
  { id: undefined, event: 'reload', data: '{}' },
];

/** Reads a text that arrives in chunks of `size` bytes. */
async function read(text: string, size: number) {
  const bytes = new TextEncoder().encode(text);
  const events: unknown[] = [];
  let chunks = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size)
        controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
  await readEvents(
    stream,
    (event) => events.push(event),
    () => {
      chunks += 1;
    },
  );
  return { events, chunks };
}

describe('the event stream', () => {
  it('gives the same events for any chunk size', async () => {
    for (const size of [...Array(12).keys()].map((index) => index + 1).concat(1000)) {
      expect((await read(STREAM, size)).events).toEqual(EVENTS);
    }
  });

  it('returns no incomplete event', async () => {
    expect((await read('event: a\ndata: 1\n', 100)).events).toEqual([]);
  });

  it('counts a comment as a sign of life', async () => {
    expect(await read(': still here\n\n', 100)).toEqual({ events: [], chunks: 1 });
  });
});

import { describe, expect, it } from 'vitest';
import { EventParser } from './parse';

const STREAM =
  'retry: 1000\n: connected\n\nid: 7\nevent: action.created\ndata: {"a":\ndata: 1}\n\n' +
  'event: reload\r\ndata: {}\r\n\r\n: still here\n\n';

const EVENTS = [
  { id: '7', name: 'action.created', data: '{"a":\n1}' },
  { id: '7', name: 'reload', data: '{}' },
];

describe('the event parser', () => {
  it('parses a whole stream', () => {
    expect(new EventParser().push(STREAM)).toEqual(EVENTS);
  });

  it('gives the same events for any chunk size', () => {
    for (let size = 1; size < 12; size += 1) {
      const parser = new EventParser();
      const events = [];
      for (let at = 0; at < STREAM.length; at += size) {
        events.push(...parser.push(STREAM.slice(at, at + size)));
      }
      expect(events).toEqual(EVENTS);
    }
  });

  it('returns no incomplete event', () => {
    expect(new EventParser().push('event: a\ndata: 1\n')).toEqual([]);
  });
});

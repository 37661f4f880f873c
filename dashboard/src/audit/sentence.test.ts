import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventsOf, GROUPS, type Group, sentenceOf } from './sentence';

/** The reference is generated from the events that the gateway knows. */
const REFERENCE = join(import.meta.dirname, '../../../docs/src/reference/audit-events.md');
const EVENTS = Array.from(
  readFileSync(REFERENCE, 'utf8').matchAll(/^\| `(\w+\.\w+)` \|/gm),
  ([, event = '']) => event,
);

const words = (event: string, detail = {}) =>
  sentenceOf(event, detail)
    .map((part) => (typeof part === 'string' ? part : `<${part.object}>`))
    .join('');

describe('the sentences of the audit log', () => {
  it('cover every event', () => {
    expect(EVENTS.length).toBeGreaterThan(50);
    expect(EVENTS.filter((event) => words(event).includes(event))).toEqual([]);
  });

  it('put every event into exactly one group', () => {
    const grouped = Object.keys(GROUPS).flatMap((group) => eventsOf(group as Group));
    expect(grouped.sort()).toEqual([...EVENTS].sort());
  });

  it('say what happened', () => {
    expect(words('action.approved')).toBe('approved <subject>');
    expect(words('document.created')).toBe('added a document to <service>');
    expect(words('kill_switch.changed', { active: true })).toBe('stopped all agents');
    expect(words('kill_switch.changed', { active: false })).toBe('resumed all agents');
    expect(words('request.forwarded')).toBe('sent <subject> without approval');
    expect(words('request.forwarded', { request_ids: ['a', 'b'] })).toBe(
      'sent 2 requests without approval',
    );
    expect(words('tunnel.opened', { host: 'a.example', port: 443 })).toBe(
      'opened a tunnel to a.example:443',
    );
    expect(words('proxy.refused', { host: 'a.example', port: 443, reason: 'no service' })).toBe(
      'was refused at the proxy port: a.example:443',
    );
    expect(words('toString')).toBe('toString <subject>');
  });
});

import { describe, expect, it } from 'vitest';
import type { Action, Service } from '#/client';
import { failingNotice, groupNotice, noticeOf } from './notice';

const ACTION = {
  action_id: 'a1',
  status: 'PENDING',
  agent_name: 'a\u202eb',
  service_name: 'things',
  method: 'DELETE',
  target_url: `https://api.example/${'long/'.repeat(50)}?token=secret`,
  operation: null,
  summary: null,
} as unknown as Action;

const summary = {
  effect: 'pays',
  headline: [
    { text: 'Pay ', is_value: false },
    { text: '€12,500.00', is_value: true },
  ],
  facts: [],
  items: [],
  other_values: 0,
  amount: null,
} satisfies Action['summary'];

describe('a notification', () => {
  it('says what the request would do, its effect, agent, and service', () => {
    const { title, body, actionId } = noticeOf({ ...ACTION, summary });
    expect(title).toBe('Pay €12,500.00');
    expect(body).toBe('Pays · a[U+202E]b → things');
    expect(actionId).toBe('a1');
  });

  it('of a service without an access token names the service', () => {
    const { title, tag } = failingNotice({ id: 3, name: 'ma\u202eil' } as Service);
    expect(title).toBe('No access token for ma[U+202E]il');
    expect(tag).toBe('credential 3');
  });

  it('of a request without a summary is short, and shows no query', () => {
    const { title } = noticeOf(ACTION);
    expect(title).toMatch(/^DELETE \/long\/.*…$/);
    expect(title).not.toContain('secret');
    expect(title.length).toBeLessThan(150);
    const split = noticeOf({ ...ACTION, target_url: `https://a.example/${'x'.repeat(111)}😀y` });
    expect(split.title).toBe(`DELETE /${'x'.repeat(111)}…`);
  });

  it('of an unknown outcome says so, and does not replace the one that was held', () => {
    const unknown = noticeOf({ ...ACTION, summary, status: 'INDETERMINATE' });
    expect(unknown.title).toBe('Outcome unknown: Pay €12,500.00');
    expect(unknown.tag).not.toBe(noticeOf({ ...ACTION, summary }).tag);
  });

  it('of a burst counts all requests and names the agents', () => {
    const notice = groupNotice(['a1', 'a2', 'a3', 'a4'], [ACTION, { ...ACTION, agent_name: 'c' }]);
    expect(notice.title).toBe('4 requests need approval');
    expect(notice.body).toBe('From a[U+202E]b, c');
    expect(notice.actionId).toBeUndefined();
    expect(groupNotice(['a1'], []).title).toBe('1 request needs approval');
  });
});

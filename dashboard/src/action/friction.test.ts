import { describe, expect, it } from 'vitest';
import type { Action, OperationEffect, RequestFact } from '#/client';
import { frictionOf, reasonsForFriction } from './friction';

const request = (change: Partial<Action>) =>
  ({
    method: 'POST',
    target_url: 'https://api.example/v1/notes',
    request_headers: {},
    request_body: '',
    intent: '',
    body_encoding: 'utf8',
    risk_score: 0.6,
    signals: [],
    matched_rules: [],
    summary: {
      effect: 'changes',
      headline: [],
      facts: [],
      items: [],
      other_values: 0,
      amount: null,
    },
    ...change,
  }) as unknown as Action;

const summary = (effect: OperationEffect) => ({
  effect,
  headline: [],
  facts: [],
  items: [],
  other_values: 0,
  amount: null,
});

const fact = (location: string, kind: RequestFact['kind']): RequestFact => ({
  kind,
  name: location,
  location,
  value: 'x',
  is_cut: false,
  meaning: null,
});

const signal = (code: string, weight = 0.5) => ({ code, weight, evidence: '/a', sentence: '' });

describe('an approval', () => {
  it('takes one press if little can go wrong', () => {
    expect(frictionOf(request({}))).toBe('press');
    expect(frictionOf(request({ summary: summary('shares_outside') }))).toBe('press');
    expect(frictionOf(request({ request_body: 'a\r\nb' }))).toBe('press');
    expect(frictionOf(request({ risk_score: 0.99 }))).toBe('press');
    const mild = [
      signal('recipient_not_in_intent'),
      signal('statement', 0.1),
      signal('runs_code', 0),
    ];
    expect(frictionOf(request({ signals: mild }))).toBe('press');
  });

  it.each<[string, Partial<Action>]>([
    ['danger', { signals: [signal('danger', 0)] }],
    ['runs code', { summary: summary('runs_code') }],
    [
      'contains code',
      { signals: [{ code: 'carries_code', weight: 1, evidence: '/a', sentence: '' }] },
    ],
    ['changes access', { summary: summary('changes_access') }],
    ['binary body', { request_body: 'AAAA', body_encoding: 'base64' }],
    ['long body (folded)', { request_body: 'x'.repeat(7_000) }],
    ['long body (folded)', { body_truncated: true }],
    ['invisible characters in the body', { request_body: 'a\u200bb' }],
    ['long target (folded)', { target_url: `https://api.example/${'x'.repeat(300)}` }],
    ['contains a database statement', { signals: [signal('statement', 0.6)] }],

    ['changes what runs or responds', { signals: [signal('runs_code')] }],
    [
      'sends data to others',
      { summary: summary('shares_outside'), signals: [signal('recipient_not_in_intent')] },
    ],
  ])('has to be held for: %s', (reason, change) => {
    expect(frictionOf(request(change))).toBe('hold');
    expect(reasonsForFriction(request(change))).toEqual([reason]);
  });

  it('has to be held for a danger of any kind, and says which', () => {
    const address = { request_body: '{"to":"a@paypal.com.evil.io"}' };
    expect(reasonsForFriction(request(address))).toEqual([
      'danger',
      'address that looks like another one',
    ]);
    const rights = [signal('makes_public'), signal('grants_admin')];
    expect(reasonsForFriction(request({ signals: rights }))).toEqual(['danger', 'grants access']);
    const facts = [fact('header/impersonate-user', 'access'), fact('header/depth', 'other')];
    const decides = { summary: { ...summary('creates'), facts } };
    expect(reasonsForFriction(request(decides))).toEqual(['danger', 'header that affects access']);
  });

  it.each<[string, Partial<Action>]>([
    ['deletion', { method: 'DELETE' }],
    ['deletion', { summary: summary('deletes') }],
    ['payment', { summary: summary('pays') }],
    [
      'cannot be undone',
      {
        summary: {
          ...summary('deletes'),
          headline: [{ text: 'Cancel booking ', is_value: false }],
        },
      },
    ],
    // Its most severe effect is not its only one.
    ['payment', { signals: [{ code: 'pays', weight: 1, evidence: '', sentence: '' }] }],
  ])('takes the target for a %s', (reason, change) => {
    expect(frictionOf(request(change))).toBe('target');
    expect(reasonsForFriction(request(change))).toEqual([reason]);
  });

  it('says that nobody can read what an irreversible request contains', () => {
    const opaque = { summary: summary('deletes'), signals: [signal('opaque')] };
    expect(reasonsForFriction(request(opaque))).toContain('body that cannot be inspected');
  });
});

import { describe, expect, it } from 'vitest';
import type { Action, OperationEffect } from '#/client';
import { frictionOf, reasonsForFriction } from './friction';

const request = (change: Partial<Action>) =>
  ({
    method: 'POST',
    target_url: 'https://api.example/v1/notes',
    request_body: '',
    body_encoding: 'utf8',
    risk_score: 0.6,
    signals: [],
    summary: { effect: 'changes', headline: [], facts: [], other_values: 0, amount: null },
    ...change,
  }) as unknown as Action;

const summary = (effect: OperationEffect) => ({
  effect,
  headline: [],
  facts: [],
  other_values: 0,
  amount: null,
});

describe('an approval', () => {
  it('takes one press if little can go wrong', () => {
    expect(frictionOf(request({}))).toBe('press');
    expect(frictionOf(request({ summary: summary('shares_outside') }))).toBe('press');
  });

  it.each<[string, Partial<Action>]>([
    ['high risk', { risk_score: 0.99 }],
    ['runs code', { summary: summary('runs_code') }],
    [
      'contains code',
      { signals: [{ code: 'carries_code', weight: 1, evidence: '/a', sentence: '' }] },
    ],
    ['changes access', { summary: summary('changes_access') }],
    ['binary body', { request_body: 'AAAA', body_encoding: 'base64' }],
    ['long, folded body', { request_body: 'x'.repeat(7_000) }],
    ['long, folded body', { body_truncated: true }],
    ['invisible characters in the body', { request_body: 'a\u200bb' }],
    ['long, folded target', { target_url: `https://api.example/${'x'.repeat(300)}` }],
  ])('has to be held for: %s', (reason, change) => {
    expect(frictionOf(request(change))).toBe('hold');
    expect(reasonsForFriction(request(change))).toEqual([reason]);
  });

  it.each<[string, Partial<Action>]>([
    ['deletion', { method: 'DELETE' }],
    ['deletion', { summary: summary('deletes') }],
    ['payment', { summary: summary('pays') }],
    // Its most severe effect is not its only one.
    ['payment', { signals: [{ code: 'pays', weight: 1, evidence: '', sentence: '' }] }],
  ])('takes the target for a %s', (reason, change) => {
    expect(frictionOf(request(change))).toBe('target');
    expect(reasonsForFriction(request(change))).toEqual([reason]);
  });
});

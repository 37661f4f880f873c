import { describe, expect, it } from 'vitest';
import { outcomeOf } from '#/action/outcome';
import type { Action, RequestEntry } from '#/client';
import { timelineOf } from './timeline';

const at = (second: number) => `2026-03-04T05:06:0${second}.000Z`;

const entry = (change: Partial<RequestEntry>) =>
  ({
    decision: 'forward',
    action_status: null,
    upstream_status: null,
    created_at: at(0),
    completed_at: null,
    ...change,
  }) as RequestEntry;

const action = (change: Partial<Action>) =>
  ({
    status: 'PENDING',
    created_at: at(0),
    approval: null,
    started_at: null,
    resolved_at: null,
    resolved_by: null,
    resolution: null,
    note: null,
    result: null,
    ...change,
  }) as Action;

const told = (decided: RequestEntry, held?: Action) =>
  timelineOf(decided, held).map(({ what, by, note }) =>
    [what, by === null ? null : `by ${by}`, note].filter(Boolean).join(', '),
  );

describe('the way of a request', () => {
  it('is told where nobody had to look at it', () => {
    expect(told(entry({}))).toEqual(['Asked by the agent', 'Sent to the service']);
    expect(told(entry({ upstream_status: 201, completed_at: at(1) }))).toContain(
      'Answered with 201',
    );
    expect(told(entry({ completed_at: at(1) }))).toContain('Not answered');
    expect(told(entry({ decision: 'deny' }))).toEqual(['Asked by the agent', 'Refused by a rule']);
  });

  const held = entry({ decision: 'hold', action_status: 'EXECUTED' });
  const approval = { at: at(1), by: 7, note: 'go on' };

  it.each<[string, Partial<Action>, string[]]>([
    ['that waits', {}, []],
    [
      'that is approved',
      { status: 'APPROVED', approval, resolved_at: at(1), resolved_by: 7, note: 'go on' },
      ['Approved, by 7, go on'],
    ],
    [
      'that was denied',
      { status: 'DENIED', resolved_at: at(1), resolved_by: 7, note: 'no' },
      ['Denied, by 7, no'],
    ],
    ['that nobody decided', { status: 'EXPIRED', resolved_at: at(1) }, ['Expired']],
    [
      'that was executed',
      { status: 'EXECUTED', approval, started_at: at(2), resolved_at: at(3), resolved_by: 7 },
      ['Approved, by 7, go on', 'Sent to the service', 'Answered'],
    ],
    [
      'whose outcome was unknown until somebody looked',
      {
        status: 'EXECUTED',
        approval,
        started_at: at(2),
        resolved_at: at(3),
        resolved_by: 8,
        note: 'it is there',
        resolution: 'executed',
      },
      [
        'Approved, by 7, go on',
        'Sent to the service',
        'Found to have been carried out, by 8, it is there',
      ],
    ],
  ])('is told of one %s', (_, change, expected) => {
    expect(told(held, action(change))).toEqual([
      'Asked by the agent',
      'Held for a human',
      ...expected,
    ]);
  });
});

describe('what became of a request', () => {
  it.each([
    [entry({ upstream_status: 500, completed_at: at(1) }), 'forwarded'],
    [entry({ completed_at: at(1) }), 'not answered'],
    [entry({ decision: 'deny' }), 'refused by a rule'],
    [entry({ decision: 'hold', action_status: 'INDETERMINATE' }), 'outcome unknown'],
    [entry({ decision: 'hold' }), 'held'],
  ])('is told in a word', (decided, word) => {
    expect(outcomeOf(decided).word).toBe(word);
  });
});

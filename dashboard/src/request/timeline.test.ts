import { describe, expect, it } from 'vitest';
import { outcomeOf, statusTone } from '#/action/outcome';
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

const described = (decided: RequestEntry, held?: Action) =>
  timelineOf(decided, held).map(({ what, by, note }) =>
    [what, by === null ? null : `by ${by}`, note].filter(Boolean).join(', '),
  );

describe('the timeline of a request', () => {
  it('covers requests that were not held', () => {
    expect(described(entry({}))).toEqual(['Requested by the agent', 'Sent to the service']);
    expect(described(entry({ upstream_status: 201, completed_at: at(1) }))).toContain(
      'Service responded with 201',
    );
    expect(described(entry({ completed_at: at(1) }))).toContain('No response from the service');
    expect(described(entry({ decision: 'deny' }))).toEqual([
      'Requested by the agent',
      'Denied by a rule',
    ]);
  });

  const held = entry({ decision: 'hold', action_status: 'EXECUTED' });
  const approval = { at: at(1), by: 7, by_name: null, note: 'fine', break_glass: false };

  it.each<[string, Partial<Action>, string[]]>([
    ['that is pending', {}, []],
    [
      'that is approved',
      { status: 'APPROVED', approval, resolved_at: at(1), resolved_by: 7, note: 'fine' },
      ['Approved, by 7, fine'],
    ],
    [
      'that was denied',
      { status: 'DENIED', resolved_at: at(1), resolved_by: 7, note: 'no' },
      ['Denied, by 7, no'],
    ],
    ['that expired', { status: 'EXPIRED', resolved_at: at(1) }, ['Expired']],
    [
      'that was executed',
      { status: 'EXECUTED', approval, started_at: at(2), resolved_at: at(3), resolved_by: 7 },
      ['Approved, by 7, fine', 'Sent to the service', 'Service responded'],
    ],
    [
      'whose unknown outcome was recorded',
      {
        status: 'EXECUTED',
        approval,
        started_at: at(2),
        resolved_at: at(3),
        resolved_by: 8,
        note: 'it is there',
        resolution: 'executed',
      },
      ['Approved, by 7, fine', 'Sent to the service', 'Marked as executed, by 8, it is there'],
    ],
  ])('covers one %s', (_, change, expected) => {
    expect(described(held, action(change))).toEqual([
      'Requested by the agent',
      'Held for approval',
      ...expected,
    ]);
  });
});

describe('the outcome of a request', () => {
  it.each([
    [entry({ upstream_status: 500, completed_at: at(1) }), 'Forwarded'],
    [entry({ completed_at: at(1) }), 'No response'],
    [entry({ decision: 'deny' }), 'Denied by rule'],
    [entry({ decision: 'hold', action_status: 'INDETERMINATE' }), 'Outcome unknown'],
    [entry({ decision: 'hold' }), 'Held'],
  ])('has a label', (decided, word) => {
    expect(outcomeOf(decided).word).toBe(word);
  });

  it('is a success only if the service carried it out', () => {
    const sent = (upstream_status: number) => entry({ upstream_status, completed_at: at(1) });
    expect(outcomeOf(sent(204)).tone).toBe('good');
    for (const status of [302, 404, 500]) {
      expect(outcomeOf(sent(status)).tone).toBe('soft');
      expect(statusTone(status)).not.toBe('good');
      const executed = { ...sent(status), action_status: 'EXECUTED' } as const;
      expect(outcomeOf({ ...executed, decision: 'hold' }).tone).toBe('soft');
    }
  });
});

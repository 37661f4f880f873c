import { describe, expect, it } from 'vitest';
import type { Action, RequestFact } from '#/client';
import { sumOf } from './amount';
import { groupsOf } from './groups';

const fact = (kind: string, value: string, location = `body/${kind}`) =>
  ({ kind, name: kind, location, value, is_cut: false, meaning: null }) as RequestFact;

const request = (path: string, body: unknown, facts: RequestFact[], change: Partial<Action> = {}) =>
  ({
    agent_id: 1,
    service_id: 1,
    method: 'POST',
    target_url: `https://api.example${path}`,
    request_body: body === undefined ? '' : JSON.stringify(body),
    request_headers: { 'content-type': 'application/json' },
    body_encoding: 'utf8',
    operation: null,
    summary: { effect: 'pays', headline: [], facts, items: [], other_values: 0, amount: null },
    ...change,
  }) as unknown as Action;

const refund = (value: string, change: Partial<Action> = {}) =>
  request('/refunds', { amount: 5, charge: 'ch_1' }, [fact('amount', value)], change);

describe('similar requests', () => {
  it('have the agent, the operation, and the fields in common', () => {
    const groups = groupsOf([
      refund('€1.00'),
      refund('€2.00', { agent_id: 2 }),
      refund('€3.00'),
      request('/refunds', { amount: 5, to: 'x' }, []),
      request('/refunds?a=1', { amount: 5, charge: 'ch_1' }, []),
      request('/files/notes.txt', undefined, [fact('target', 'notes.txt', 'path')]),
      request('/files/todo.txt', undefined, [fact('target', 'todo.txt', 'path')]),
      request('/folders/todo.txt', undefined, [fact('target', 'todo.txt', 'path')]),
      request('/drafts/may/notes.txt', undefined, [fact('target', 'may/notes.txt', 'path')]),
      request('/drafts/may/todo.txt', undefined, [fact('target', 'may/todo.txt', 'path')]),
      request('/lists', { tags: ['a'] }, []),
      request('/lists', { tags: ['a', 'b'] }, []),
    ]);
    expect(groups.map(({ actions }) => actions.length)).toEqual([2, 1, 1, 1, 2, 1, 2, 2]);
  });

  it('are summed without rounding', () => {
    expect(sumOf([refund('€1,200.00'), refund('€0.10'), refund('€0.20')])).toEqual({
      total: '€1,200.30',
      min: '€0.10',
      max: '€1,200.00',
    });
    expect(sumOf([refund('-€5.00'), refund('€2.50')])?.total).toBe('-€2.50');
    expect(sumOf([refund('9007199254740993'), refund('1')])?.total).toBe('9,007,199,254,740,994');
    expect(sumOf([refund('1.5 CHF'), refund('2.25 CHF')])?.total).toBe('3.75 CHF');
  });

  it('have no sum unless all amounts are of one kind', () => {
    expect(sumOf([refund('€1.00'), refund('$1.00')])).toBeNull();
    expect(sumOf([refund('€1.00'), request('/refunds', {}, [])])).toBeNull();
    expect(sumOf([refund('€1.00'), refund('many')])).toBeNull();
    const two = request('/refunds', {}, [fact('amount', '€1.00'), fact('amount', '€1.00')]);
    expect(sumOf([two])).toBeNull();
    expect(sumOf([])).toBeNull();
  });
});

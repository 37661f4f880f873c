import { describe, expect, it } from 'vitest';
import { queryOf, readFilter } from './filter';

const NOW = Date.parse('2026-03-04T05:06:07Z');

describe('the filter of the audit log', () => {
  it('is read and becomes a query', () => {
    const filter = readFilter({ who: 'agent:7', group: 'kill-switch', period: 'day' });
    expect(filter).toEqual({ who: 'agent:7', group: 'kill-switch', period: 'day' });
    expect(queryOf(filter, NOW)).toEqual({
      actor: 'agent:7',
      event: ['kill_switch.changed'],
      from: '2026-03-03T05:00:00.000Z',
    });
  });

  it('is empty if all of it is invalid', () => {
    const filter = readFilter({ who: 'agent:07', group: 'toString', period: 5 });
    expect(filter).toEqual({});
    expect(queryOf(filter, NOW)).toEqual({ event: [] });
  });
});

import { describe, expect, it } from 'vitest';
import { queryOf, readFilter } from './filter';

describe('a filter in the URL', () => {
  it('is read and becomes a query', () => {
    const filter = readFilter({
      agent: '3',
      service: 4,
      decision: 'hold',
      status: 'DENIED',
      text: 500,
    });
    expect(filter).toEqual({
      agent: 3,
      service: 4,
      decision: 'hold',
      status: 'DENIED',
      text: '500',
    });
    expect(queryOf(filter)).toEqual({
      agent_id: 3,
      service_id: 4,
      decision: 'hold',
      action_status: 'DENIED',
      q: '500',
    });
  });

  it('is empty if all of it is invalid', () => {
    const filter = readFilter({
      agent: '-1',
      service: 'x',
      decision: 'toString',
      status: 7,
      text: {},
    });
    expect(filter).toEqual({});
    expect(queryOf(filter)).toEqual({});
  });
});

import { describe, expect, it } from 'vitest';
import { conditionOf, readBuilt } from './built';
import { templates } from './templates';
import { UNDOCUMENTED } from './vocabulary';

const body = [
  { path: ['order', 'total'], kind: 'integer', info: null, values: [] },
  { path: ['recipients'], kind: 'array', info: null, values: [] },
];

describe('the templates', () => {
  it('are conditions of the builder', () => {
    for (const known of [UNDOCUMENTED, { ...UNDOCUMENTED, body }]) {
      for (const { draft } of templates(known, 'Europe/Berlin')) {
        const built = readBuilt(draft.condition);
        expect(built && conditionOf(built)).toBe(draft.condition);
        expect(draft.condition).not.toBe('');
      }
    }
  });

  it('use documented fields', () => {
    const conditions = templates({ ...UNDOCUMENTED, body }, 'UTC').map(
      ({ draft }) => draft.condition,
    );
    expect(conditions).toContain(
      'operation.effect == "pays" && has(request.body.order.total) && double(request.body.order.total) > 10000',
    );
    expect(conditions).toContain(
      'has(request.body.recipients) && !request.body.recipients.all(each, each in [])',
    );
  });
});

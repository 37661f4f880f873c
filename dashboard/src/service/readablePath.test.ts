import { expect, it } from 'vitest';
import type { Operation } from '#/client';
import { readablePath } from './readablePath';

const operation = (call_path: string, part: Partial<Operation> = {}) =>
  ({ method: 'GET', path: `/api${call_path}`, call_path, parameters: [], ...part }) as Operation;

it('a readable path needs no parameters, and is relative to the base URL', () => {
  const parameters = [{ name: 'q', required: true }] as Operation['parameters'];
  const operations = [
    operation('/things', { method: 'DELETE' }),
    operation('/things/{id}'),
    operation('/search', { parameters }),
    operation('/things'),
  ];
  expect(readablePath(operations)).toBe('/things');
  expect(readablePath([])).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import type { Operation, Service } from '#/client';
import { callPath, readablePath } from './callPath';

const service = (baseUrl: string) => ({ baseUrl }) as Service;
const operation = (path: string, part: Partial<Operation> = {}) =>
  ({ method: 'GET', path, parameters: [], ...part }) as Operation;

describe('the path of an operation', () => {
  it.each([
    ['https://api.example', '/things', '/things'],
    ['https://api.example/', '/things', '/things'],
    ['https://api.example/api', '/api/things', '/things'],
    ['https://api.example/api/', '/api/things', '/things'],
    ['https://api.example/api', '/api', '/'],
    ['https://api.example/api', '/apis/things', '/apis/things'],
    ['https://api.example/v1', '/things', '/things'],
  ])('below %s, %s is called as %s', (base, path, called) => {
    expect(callPath(service(base), operation(path))).toBe(called);
  });
});

it('a readable path needs no parameters', () => {
  const parameters = [{ name: 'q', required: true }] as Operation['parameters'];
  const operations = [
    operation('/things', { method: 'DELETE' }),
    operation('/things/{id}'),
    operation('/search', { parameters }),
    operation('/api/things'),
  ];
  expect(readablePath(service('https://api.example/api'), operations)).toBe('/things');
  expect(readablePath(service('https://api.example'), [])).toBeUndefined();
});

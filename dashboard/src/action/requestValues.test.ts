import { describe, expect, it } from 'vitest';
import type { Action, Operation } from '#/client';
import { jsonLeaves } from '#/text/json';
import { lineLeaves, meaningsOf, valuesOf } from './requestValues';

const field = (pointer: string, description: string) => ({
  pointer,
  description,
  kind: null,
  values: [],
  required: false,
});

const operation = {
  path: '/customers/{customer}/charges',
  parameters: [
    {
      name: 'customer',
      place: 'path',
      description: 'Who pays',
      kind: null,
      values: [],
      required: true,
    },
    {
      name: 'expand',
      place: 'query',
      description: 'Fields to expand',
      kind: null,
      values: [],
      required: false,
    },
    { name: 'quiet', place: 'query', description: null, kind: null, values: [], required: false },
  ],
  fields: [
    field('/amount', 'in cents'),
    field('/items/*/price', 'each'),
    field('/meta/note', 'kept'),
  ],
} as unknown as Operation;

const request = (target_url: string, request_body: string, type: string) =>
  ({
    target_url,
    request_body,
    body_encoding: 'utf8',
    request_headers: { 'content-type': type },
  }) as unknown as Action;

describe('the documented meaning of a request', () => {
  it('is found for path, query and JSON, as each is spelled', () => {
    const action = request(
      'https://api.example/v1/customers/cus_1/charges?expand=a%20b&quiet=1',
      '{"amount": 50000000000000000001, "items": [{"price": 1.50}, {"price": 2}], "other": true}',
      'application/json',
    );
    expect(meaningsOf(action, operation)).toMatchObject([
      { name: 'customer', value: 'cus_1', meaning: 'Who pays' },
      { name: 'expand', value: 'a b', meaning: 'Fields to expand' },
      { name: 'amount', value: '50000000000000000001', meaning: 'in cents' },
      { name: 'items.0.price', value: '1.50', meaning: 'each' },
      { name: 'items.1.price', value: '2', meaning: 'each' },
    ]);
  });

  it.each([
    ['/contents/{path}', '/api/contents/reports/2026/q16.txt', 'reports/2026/q16.txt'],
    ['/contents/{path}/checkpoints', '/api/contents/a/b/checkpoints', 'a/b'],
    ['/repos/{owner}/contents/{path}', '/repos/o/contents/src/main.rs', 'src/main.rs'],
    ['/files/{path}.json', '/files/a/b.json', 'a/b'],
    ['/files/{path}', '/v1/files/one', 'one'],
    ['/files/{path}', '/elsewhere/one', undefined],
  ])('is found in %s for a part of %s', (template, path, value) => {
    const action = request(`https://api.example${path}`, '', 'application/json');
    const known = { ...operation, path: template, parameters: [], fields: [] } as Operation;
    expect(valuesOf(action, known).find(({ name }) => name === 'path')?.value).toBe(value);
  });

  it('is found for the fields of a form', () => {
    const action = request(
      'https://api.example/elsewhere',
      'amount=500&meta[note]=x',
      'application/x-www-form-urlencoded',
    );
    expect(meaningsOf(action, operation)).toMatchObject([
      { name: 'amount', value: '500', meaning: 'in cents' },
      { name: 'meta.note', value: 'x', meaning: 'kept' },
    ]);
  });
});

describe('the values of a JSON text', () => {
  it('come with their pointers, and repeated names are kept', () => {
    expect(jsonLeaves('{"a":{"b/c":[1,"x",null]},"a":2}')).toEqual([
      { pointer: '/a/b~1c/0', value: '1' },
      { pointer: '/a/b~1c/1', value: 'x' },
      { pointer: '/a/b~1c/2', value: 'null' },
      { pointer: '/a', value: '2' },
    ]);
    expect(jsonLeaves('"alone"')).toEqual([{ pointer: '', value: 'alone' }]);
    expect(jsonLeaves('{"a"')).toEqual([]);
  });
});

describe('a body of lines', () => {
  it('has the values of each line, by its number', () => {
    expect(lineLeaves('{"index":{"_id":"a"}}\n{"floor":2}\n')).toEqual([
      { pointer: '/0/index/_id', value: 'a' },
      { pointer: '/1/floor', value: '2' },
    ]);
  });

  it('is not one of JSON, of text, or of a single line', () => {
    for (const body of ['{\n"a": 1\n}', 'Hello\nBo', '{"a":1}', '1\n2'])
      expect(lineLeaves(body), body).toBeNull();
  });
});

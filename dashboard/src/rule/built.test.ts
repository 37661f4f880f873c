import { describe, expect, it } from 'vitest';
import { type Built, conditionOf, type FieldRef, readBuilt, type Test } from './built';

const amount: FieldRef = { place: 'body', path: ['amount'] };
const hostile = 'a" && true || "\\ “';

const tests: Test[] = [
  { field: amount, operator: 'gt', values: ['100'] },
  { field: amount, operator: 'le', values: ['-0.5'] },
  { field: amount, operator: 'eq', values: ['1'] },
  { field: amount, operator: 'ne', values: ['1'] },
  { field: { place: 'body', path: ['card', 'number'] }, operator: 'is', values: [hostile] },
  { field: { place: 'body', path: ['a b', 'in'] }, operator: 'is_not', values: ['x'] },
  { field: { place: 'body', path: ['to'] }, operator: 'one_of', values: ['a', hostile] },
  { field: { place: 'body', path: ['to'] }, operator: 'none_of', values: [] },
  { field: { place: 'body', path: ['to'] }, operator: 'only', values: ['a@b.example'] },
  { field: { place: 'body', path: ['to'] }, operator: 'not_only', values: ['a@b.example'] },
  { field: { place: 'query', path: ['limit'] }, operator: 'contains', values: ['x'] },
  { field: { place: 'intent' }, operator: 'not_contains', values: ['x'] },
  { field: { place: 'path' }, operator: 'starts_with', values: ['/x'] },
  { field: { place: 'body', path: ['public'] }, operator: 'is_true', values: [] },
  { field: { place: 'body', path: ['public'] }, operator: 'is_false', values: [] },
  { field: amount, operator: 'present', values: [] },
  { field: amount, operator: 'missing', values: [] },
  { field: { place: 'headers', path: ['x-sudo'] }, operator: 'present', values: [] },
  { field: { place: 'headers', path: ['x-sudo'] }, operator: 'missing', values: [] },
  { field: { place: 'path' }, operator: 'under', values: ['/v1/admin'] },
  { field: { place: 'path' }, operator: 'not_under', values: ['/v1/admin'] },
  { field: { place: 'time' }, operator: 'outside', values: ['8', '18', 'Europe/Berlin'] },
  { field: { place: 'time' }, operator: 'within', values: ['8', '18', 'UTC'] },
  { field: { place: 'time' }, operator: 'outside', values: ['22', '6', 'UTC'] },
  { field: { place: 'time' }, operator: 'within', values: ['22', '6', 'UTC'] },
  { field: { place: 'time' }, operator: 'weekend', values: ['', '', 'UTC'] },
  { field: { place: 'time' }, operator: 'workday', values: ['', '', 'UTC'] },
];

const targets: Array<Built['target']> = [
  { kind: 'any' },
  { kind: 'writes' },
  { kind: 'method', method: 'DELETE' },
  { kind: 'effect', effect: 'pays' },
  { kind: 'operation', id: hostile },
];

describe('the builder', () => {
  it.each(tests)('reads back $operator', (test) => {
    for (const target of targets) {
      for (const built of [
        { target, tests: [test] },
        { target, tests: [test, ...tests] },
      ]) {
        expect(readBuilt(conditionOf(built))).toEqual(built);
      }
    }
  });

  it('writes what a person would write', () => {
    const built: Built = {
      target: { kind: 'operation', id: 'createPayout' },
      tests: [
        { field: amount, operator: 'present', values: [] },
        { field: amount, operator: 'gt', values: ['10000'] },
        { field: { place: 'headers', path: ['x-sudo'] }, operator: 'missing', values: [] },
      ],
    };
    expect(conditionOf(built)).toBe(
      'operation.id == "createPayout" && has(request.body.amount) && double(request.body.amount) > 10000 && !("x-sudo" in request.headers)',
    );
    expect(readBuilt('')).toEqual({ target: { kind: 'any' }, tests: [] });
  });

  it('writes a period that spans midnight so that it holds in the night', () => {
    const time = (operator: 'outside' | 'within') =>
      conditionOf({
        target: { kind: 'any' },
        tests: [{ field: { place: 'time' }, operator, values: ['22', '6', 'UTC'] }],
      });
    expect(time('within')).toBe('(now.getHours("UTC") >= 22 || now.getHours("UTC") < 6)');
    expect(time('outside')).toBe('(now.getHours("UTC") < 22 && now.getHours("UTC") >= 6)');
  });

  it.each([
    'request.body.amount > 100',
    'int(request.body.amount) > 100',
    'request.method == "GET" || true',
    "request.method == 'GET'",
    '(request.method == "GET")',
    'request.method == "GET" && request.method == "POST"',
    'request.method == "GET"  && request.path == "/"',
    'has(request.body)',
    'request.under("/a") || request.under("/b")',
    'request.body.to.all(x, x in ["a"])',
    '(now.getHours("UTC") < 8 || now.getHours("Europe/Berlin") >= 18)',
    'request.path == "a" + "b"',
    'true',
    '&&',
    'request.body["a] == "b"',
    'double(request.body.amount) > 1e9',
    '(now.getHours("UTC") < 8 || now.getHours("UTC") >= 30)',
    // A control would not show these values as they are.
    'request.body.to == "a\\u202eb"',
    'request.body.to in ["a\\nb"]',
    'request.body.to in [" a"]',
    '!(request.body.to in ["a", ""])',
  ])('leaves %s alone', (condition) => {
    expect(readBuilt(condition)).toBeNull();
  });
});

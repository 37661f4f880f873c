/**
 * The conditions that the builder covers: an effect, operation, or method, and comparisons of values,
 * all of which must hold. The condition is the only state: the builder reads it and writes it.
 */

import { isEffect } from '#/action/effect';
import type { OperationEffect } from '#/client';
import { hasHidden } from '#/text/visible';
import { split } from './cel';

/** The request that an agent must send. */
export type Target =
  | { kind: 'any' }
  /** Anything but a read. */
  | { kind: 'writes' }
  | { kind: 'method'; method: string }
  | { kind: 'effect'; effect: OperationEffect }
  | { kind: 'operation'; id: string };

/** A value of a request. */
export type FieldRef =
  | { place: 'body' | 'query' | 'headers'; path: readonly string[] }
  | { place: 'path' | 'intent' | 'time' };

/** How a value is compared. */
export type Operator =
  | 'is'
  | 'is_not'
  | 'one_of'
  | 'none_of'
  | 'contains'
  | 'not_contains'
  | 'starts_with'
  | 'eq'
  | 'ne'
  | 'gt'
  | 'ge'
  | 'lt'
  | 'le'
  | 'is_true'
  | 'is_false'
  | 'present'
  | 'missing'
  | 'only'
  | 'not_only'
  | 'under'
  | 'not_under'
  | 'outside'
  | 'within'
  | 'weekend'
  | 'workday';

/** A comparison of a value. */
export interface Test {
  field: FieldRef;
  operator: Operator;
  /** The values to compare with. For times: the first hour, the hour after the last, and the time zone. */
  values: readonly string[];
}

/** A condition of the builder. */
export interface Built {
  target: Target;
  tests: readonly Test[];
}

/** The symbols of numeric comparisons. */
const COMPARISONS: Readonly<Partial<Record<Operator, string>>> = {
  eq: '==',
  ne: '!=',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

/** Words that CEL reserves, which a field cannot be named by after a dot. */
const RESERVED = new Set(
  'as break const continue else false for function if import in let loop namespace null package return true var void while'.split(
    ' ',
  ),
);

const HOURS_A_DAY = 24;

/** The comparisons with a list of texts. */
export const IN_LIST: ReadonlySet<Operator> = new Set(['one_of', 'none_of', 'only', 'not_only']);

/** A number as the builder takes it. */
export const NUMBER = /^-?\d{1,15}(\.\d{1,15})?$/;

/** Returns the condition; empty if it holds for every request. */
export function conditionOf({ target, tests }: Built): string {
  return [...targetTerm(target), ...tests.map(testTerm)].join(' && ');
}

function targetTerm(target: Target): string[] {
  switch (target.kind) {
    case 'any':
      return [];
    case 'writes':
      return ['!(request.method in ["GET", "HEAD", "OPTIONS"])'];
    case 'method':
      return [`request.method == ${text(target.method)}`];
    case 'effect':
      return [`operation.effect == ${text(target.effect)}`];
    case 'operation':
      return [`operation.id == ${text(target.id)}`];
  }
}

function testTerm({ field, operator, values }: Test): string {
  const [first = '', , third = ''] = values;
  const value = access(field);
  const list = `[${values.map(text).join(', ')}]`;
  const comparison = COMPARISONS[operator];
  if (comparison) return `double(${value}) ${comparison} ${first}`;
  switch (operator) {
    case 'is':
      return `${value} == ${text(first)}`;
    case 'is_not':
      return `${value} != ${text(first)}`;
    case 'one_of':
      return `${value} in ${list}`;
    case 'none_of':
      return `!(${value} in ${list})`;
    case 'contains':
      return `${value}.contains(${text(first)})`;
    case 'not_contains':
      return `!${value}.contains(${text(first)})`;
    case 'starts_with':
      return `${value}.startsWith(${text(first)})`;
    case 'is_true':
      return `bool(${value})`;
    case 'is_false':
      return `!bool(${value})`;
    case 'present':
      return presence(field);
    case 'missing':
      return presence(field).startsWith('has(') ? `!${presence(field)}` : `!(${presence(field)})`;
    case 'only':
      return `${value}.all(each, each in ${list})`;
    case 'not_only':
      return `!${value}.all(each, each in ${list})`;
    case 'under':
      return `request.under(${text(first)})`;
    case 'not_under':
      return `!request.under(${text(first)})`;
    case 'outside':
    case 'within':
      return hoursTerm(operator, values);
    case 'weekend':
      return `now.getDayOfWeek(${text(third)}) in [0, 6]`;
    default:
      return `!(now.getDayOfWeek(${text(third)}) in [0, 6])`;
  }
}

/** Returns the comparison of the hour. A period that ends before it begins spans midnight. */
function hoursTerm(operator: 'outside' | 'within', values: readonly string[]): string {
  const [from = '', to = '', zone = ''] = values;
  const hour = `now.getHours(${text(zone)})`;
  const spansMidnight = Number(from) >= Number(to);
  return operator === 'within'
    ? `(${hour} >= ${from} ${spansMidnight ? '||' : '&&'} ${hour} < ${to})`
    : `(${hour} < ${from} ${spansMidnight ? '&&' : '||'} ${hour} >= ${to})`;
}

/** Returns a string literal, which CEL spells as JSON does. */
function text(value: string): string {
  return JSON.stringify(value);
}

function access(field: FieldRef): string {
  if (!('path' in field)) return field.place === 'path' ? 'request.path' : field.place;
  return field.path.reduce((before, name) => before + member(name), `request.${field.place}`);
}

function member(name: string): string {
  return isPlain(name) ? `.${name}` : `[${text(name)}]`;
}

function isPlain(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !RESERVED.has(name);
}

function presence(field: FieldRef): string {
  if (!('path' in field)) return access(field);
  const last = field.path.at(-1) ?? '';
  if (isPlain(last)) return `has(${access(field)})`;
  return `${text(last)} in ${access({ ...field, path: field.path.slice(0, -1) })}`;
}

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
const LIST = String.raw`\[(?:${STRING}(?:, ${STRING})*)?\]`;
const MEMBERS = String.raw`(?:\.[A-Za-z_]\w*|\[${STRING}\])`;
const ACCESS = String.raw`request\.(?:body|query|headers)${MEMBERS}+|request\.path|intent`;
const ZONE = String.raw`now\.getHours\((${STRING})\)`;

/** Patterns of the terms. Each is written back and compared, so a pattern may be too generous. */
const TARGETS: ReadonlyArray<readonly [RegExp, (value: string) => Target | null]> = [
  [/^!\(request\.method in .*$/, () => ({ kind: 'writes' })],
  [whole(`request\\.method == (${STRING})`), (method) => ({ kind: 'method', method })],
  [whole(`operation\\.effect == (${STRING})`), effectTarget],
  [whole(`operation\\.id == (${STRING})`), (id) => ({ kind: 'operation', id })],
];

const SINGLE: ReadonlyArray<readonly [RegExp, Operator]> = [
  [whole(`(${ACCESS}) == (${STRING})`), 'is'],
  [whole(`(${ACCESS}) != (${STRING})`), 'is_not'],
  [whole(`!(${ACCESS})\\.contains\\((${STRING})\\)`), 'not_contains'],
  [whole(`(${ACCESS})\\.contains\\((${STRING})\\)`), 'contains'],
  [whole(`(${ACCESS})\\.startsWith\\((${STRING})\\)`), 'starts_with'],
  [whole(`!bool\\((${ACCESS})\\)`), 'is_false'],
  [whole(`bool\\((${ACCESS})\\)`), 'is_true'],
  [whole(`!has\\((${ACCESS})\\)`), 'missing'],
  [whole(`has\\((${ACCESS})\\)`), 'present'],
];

const LISTED: ReadonlyArray<readonly [RegExp, Operator]> = [
  [whole(`!\\((${ACCESS}) in (${LIST})\\)`), 'none_of'],
  [whole(`(${ACCESS}) in (${LIST})`), 'one_of'],
  [whole(`!(${ACCESS})\\.all\\(each, each in (${LIST})\\)`), 'not_only'],
  [whole(`(${ACCESS})\\.all\\(each, each in (${LIST})\\)`), 'only'],
];

const COMPARED = whole(`double\\((${ACCESS})\\) (==|!=|>=|<=|>|<) (\\S+)`);
const NAMED = whole(`(!\\()?(${STRING}) in (request\\.(?:body|query|headers)${MEMBERS}*)\\)?`);
const UNDER = whole(`(!)?request\\.under\\((${STRING})\\)`);
const HOURS = whole(`\\(${ZONE} (<|>=) (\\d+) (?:\\|\\||&&) ${ZONE} (?:<|>=) (\\d+)\\)`);
const WEEKDAY = whole(`(!\\()?now\\.getDayOfWeek\\((${STRING})\\) in \\[0, 6\\]\\)?`);

function whole(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 's');
}

/** Reads a condition; null if the builder did not write it. */
export function readBuilt(condition: string): Built | null {
  if (condition.trim() === '') return { target: { kind: 'any' }, tests: [] };
  const [first = '', ...rest] = split(condition, '&&').map((term) => term.trim());
  const target = readTarget(first);
  const tests = (target ? rest : [first, ...rest]).map(readTest);
  if (tests.some((test) => test === null)) return null;
  const built = {
    target: target ?? ({ kind: 'any' } as const),
    tests: tests.filter((test) => test !== null),
  };
  // Nothing may be misread, and no control may show something else than the condition has.
  return conditionOf(built) === condition && isShown(built) ? built : null;
}

/** Returns whether the controls of the builder show every value as it is. */
function isShown({ target, tests }: Built): boolean {
  const named = target.kind === 'operation' ? [target.id] : [];
  const isVisible = (value: string) => !hasHidden(value) && !value.includes('\n');
  return (
    [...named, ...tests.flatMap(({ values }) => values)].every(isVisible) &&
    // A list is written one value on each line, without blank lines or spaces around a value.
    tests.every(
      ({ operator, values }) =>
        !IN_LIST.has(operator) || values.every((value) => value !== '' && value === value.trim()),
    )
  );
}

function effectTarget(word: string): Target | null {
  return isEffect(word) ? { kind: 'effect', effect: word } : null;
}

function readTarget(term: string): Target | null {
  for (const [pattern, target] of TARGETS) {
    const match = pattern.exec(term);
    if (match) return target(match[1] === undefined ? '' : literal(match[1]));
  }
  return null;
}

function readTest(term: string): Test | null {
  for (const [pattern, operator] of SINGLE) {
    const match = pattern.exec(term);
    if (match) {
      const [, chain = '', value] = match;
      return {
        field: fieldOf(chain),
        operator,
        values: value === undefined ? [] : [literal(value)],
      };
    }
  }
  for (const [pattern, operator] of LISTED) {
    const match = pattern.exec(term);
    if (match)
      return { field: fieldOf(match[1] ?? ''), operator, values: literals(match[2] ?? '') };
  }
  return readComparison(term) ?? readNamed(term) ?? readUnder(term) ?? readTime(term);
}

function readComparison(term: string): Test | null {
  const [, chain = '', symbol, value = ''] = COMPARED.exec(term) ?? [];
  const found = Object.entries(COMPARISONS).find(([, each]) => each === symbol);
  if (!found || !NUMBER.test(value)) return null;
  return { field: fieldOf(chain), operator: found[0] as Operator, values: [value] };
}

function readNamed(term: string): Test | null {
  const match = NAMED.exec(term);
  if (!match) return null;
  const [, not, name = '', chain = ''] = match;
  const parent = fieldOf(chain);
  if (!('path' in parent)) return null;
  const field = { ...parent, path: [...parent.path, literal(name)] };
  return { field, operator: not ? 'missing' : 'present', values: [] };
}

function readUnder(term: string): Test | null {
  const match = UNDER.exec(term);
  if (!match) return null;
  const operator = match[1] ? 'not_under' : 'under';
  return { field: { place: 'path' }, operator, values: [literal(match[2] ?? '')] };
}

function readTime(term: string): Test | null {
  const field = { place: 'time' } as const;
  const hour = HOURS.exec(term);
  if (hour) {
    const [, zone = '', symbol, from = '', , to = ''] = hour;
    if (Number(from) >= HOURS_A_DAY || Number(to) > HOURS_A_DAY) return null;
    return {
      field,
      operator: symbol === '<' ? 'outside' : 'within',
      values: [from, to, literal(zone)],
    };
  }
  const day = WEEKDAY.exec(term);
  if (!day) return null;
  return {
    field,
    operator: day[1] ? 'workday' : 'weekend',
    values: ['', '', literal(day[2] ?? '')],
  };
}

function fieldOf(chain: string): FieldRef {
  if (chain === 'intent') return { place: 'intent' };
  const [, place = '', members = ''] = /^request\.(\w+)(.*)$/s.exec(chain) ?? [];
  if (place !== 'body' && place !== 'query' && place !== 'headers') return { place: 'path' };
  const path = Array.from(members.matchAll(new RegExp(MEMBERS, 'gs')), ([member]) =>
    member.startsWith('.') ? member.slice(1) : literal(member.slice(1, -1)),
  );
  return { place, path };
}

/** Returns the value of a string literal; empty if it is not JSON, which the comparison then finds. */
function literal(json: string): string {
  return literals(`[${json}]`)[0] ?? '';
}

function literals(json: string): string[] {
  try {
    return JSON.parse(json);
  } catch {
    return [];
  }
}

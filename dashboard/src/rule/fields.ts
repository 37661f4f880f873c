/** The fields that the builder offers, and the words for its comparisons. */
import { EFFECTS } from '#/action/effect';
import { visibleText } from '#/text/visible';
import { type Built, type FieldRef, IN_LIST, type Operator, type Target, type Test } from './built';
import type { Documented, DocumentedField } from './vocabulary';

/** A field to choose. */
export interface OfferedField {
  field: FieldRef;
  /** Its JSON type, if it is documented. */
  kind: string | null;
  /** Its description. */
  info: string | null;
  /** Its documented values. */
  values: readonly string[];
}

/** More fields than this are not listed; any can be typed. */
const FIELDS_MAX = 300;

/** The words for each comparison. */
export const OPERATORS: Readonly<Record<Operator, string>> = {
  is: 'is',
  is_not: 'is not',
  one_of: 'is one of',
  none_of: 'is not one of',
  contains: 'contains',
  not_contains: 'does not contain',
  starts_with: 'starts with',
  eq: '=',
  ne: '≠',
  gt: '>',
  ge: '≥',
  lt: '<',
  le: '≤',
  is_true: 'is true',
  is_false: 'is false',
  present: 'is present',
  missing: 'is missing',
  only: 'has only',
  not_only: 'has values other than',
  under: 'is at or below',
  not_under: 'is not at or below',
  outside: 'is outside',
  within: 'is between',
  weekend: 'is on a weekend',
  workday: 'is from Monday to Friday',
};

const NUMERIC: readonly Operator[] = ['gt', 'ge', 'lt', 'le', 'eq', 'ne'];
const TEXTUAL: readonly Operator[] = [
  'is',
  'is_not',
  'one_of',
  'none_of',
  'contains',
  'not_contains',
  'starts_with',
];
const PRESENCE: readonly Operator[] = ['present', 'missing'];

const TIMES: readonly Operator[] = ['outside', 'within', 'weekend', 'workday'];
const NUMBERS: ReadonlySet<Operator> = new Set(NUMERIC);
const ALONE: ReadonlySet<Operator> = new Set(['present', 'missing', 'is_true', 'is_false']);

/** Returns the input that a comparison needs: nothing, one text, one number, a list of texts, hours, or a time zone. */
export function inputOf(
  operator: Operator,
): 'none' | 'text' | 'number' | 'list' | 'hours' | 'zone' {
  if (ALONE.has(operator)) return 'none';
  if (NUMBERS.has(operator)) return 'number';
  if (IN_LIST.has(operator)) return 'list';
  if (operator === 'outside' || operator === 'within') return 'hours';
  return TIMES.includes(operator) ? 'zone' : 'text';
}

/** Returns the comparisons for a field, the most likely first. */
export function operatorsOf({
  field,
  kind,
}: Pick<OfferedField, 'field' | 'kind'>): readonly Operator[] {
  switch (field.place) {
    case 'time':
      return TIMES;
    case 'path':
      return ['under', 'not_under'];
    case 'intent':
      return ['contains', 'not_contains'];
    default:
  }
  switch (kind) {
    case 'integer':
    case 'number':
      return [...NUMERIC, ...PRESENCE];
    case 'boolean':
      return ['is_true', 'is_false', ...PRESENCE];
    case 'array':
      return ['not_only', 'only', ...PRESENCE];
    case 'object':
      return PRESENCE;
    case 'string':
      return [...TEXTUAL, ...PRESENCE];
    default:
      return [...TEXTUAL, ...NUMERIC, 'not_only', 'only', ...PRESENCE];
  }
}

/** Returns the values that a comparison starts with. */
export function initialValues(operator: Operator, zone: string): string[] {
  switch (inputOf(operator)) {
    case 'hours':
      return ['8', '18', zone];
    case 'zone':
      return ['', '', zone];
    case 'number':
      return ['0'];
    case 'text':
      return [''];
    default:
      return [];
  }
}

/** Returns the fields that documents name, then those of every request. */
export function offeredFields(known: Documented): OfferedField[] {
  const of = (place: 'body' | 'query' | 'headers', fields: readonly DocumentedField[]) =>
    fields.map(({ path, kind, info, values }) => ({ field: { place, path }, kind, info, values }));
  const general = (place: 'path' | 'intent' | 'time') => ({
    field: { place },
    kind: null,
    info: null,
    values: [],
  });
  const named = [
    ...of('body', known.body),
    ...of('query', known.query),
    ...of('headers', known.headers),
  ];
  return [...named.slice(0, FIELDS_MAX), general('path'), general('intent'), general('time')];
}

/** Returns a text that identifies a field. */
export function keyOf(field: FieldRef): string {
  return JSON.stringify('path' in field ? [field.place, ...field.path] : [field.place]);
}

/** Returns the name of a field. */
export function fieldName(field: FieldRef): string {
  switch (field.place) {
    case 'body':
      return field.path.join('.');
    case 'query':
      return `query ${field.path.join('.')}`;
    case 'headers':
      return `header ${field.path.join('.')}`;
    default:
      return field.place;
  }
}

/** Returns a condition as a phrase; empty if it holds for every request. */
export function inWords({ target, tests }: Built): string {
  const parts = [targetInWords(target), ...tests.map(testInWords)].filter((part) => part !== '');
  return parts.join(' and ');
}

function targetInWords(target: Target): string {
  switch (target.kind) {
    case 'any':
      return '';
    case 'writes':
      return 'it is not a read';
    case 'method':
      return `the method is ${visibleText(target.method)}`;
    case 'effect':
      return `it ${EFFECTS[target.effect].word.toLowerCase()}`;
    case 'operation':
      return `the operation is ${quoted(target.id)}`;
  }
}

function testInWords({ field, operator, values }: Test): string {
  const start = `${visibleText(fieldName(field))} ${OPERATORS[operator]}`;
  const [from = '', to = '', zone = ''] = values;
  switch (inputOf(operator)) {
    case 'none':
      return start;
    case 'number':
      return `${start} ${Number(from).toLocaleString('en', { maximumFractionDigits: 15 })}`;
    case 'text':
      return `${start} ${quoted(from)}`;
    case 'list':
      return `${start} ${values.length === 0 ? '(nothing)' : values.map(quoted).join(', ')}`;
    case 'hours':
      return `${start} ${from}:00–${to}:00 (${visibleText(zone)})`;
    case 'zone':
      return `${start} (${visibleText(zone)})`;
  }
}

function quoted(text: string): string {
  return `“${visibleText(text)}”`;
}

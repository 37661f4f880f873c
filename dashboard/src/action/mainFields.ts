/** The few values of a request that matter most. */
import type { Action, Operation } from '#/client';
import { namesInPath, type RequestValue, valuesOf } from './requestValues';

/** The number of values on a card. */
const MAIN_FIELDS_MAX = 3;

/** Last words of the names of amounts, recipients, and identifiers, in that order. */
const KINDS: ReadonlyArray<ReadonlySet<string>> = [
  new Set('amount amounts price total cost fee sum quantity currency'.split(' ')),
  new Set(
    'to cc bcc recipient recipients email mail phone destination payee account channel user member customer url'.split(
      ' ',
    ),
  ),
  new Set('id ids uuid name number reference ref file path'.split(' ')),
];

/**
 * Values with these names are left out of cards, which bystanders may see; the full request shows
 * them.
 */
const SECRET_NAME = /token|secret|password|key|cvc|cvv|pin$/i;

/**
 * Returns the most important values: those that the risk assessment points to, then amounts,
 * recipients, and identifiers.
 */
export function mainFieldsOf(action: Action, operation: Operation | undefined): RequestValue[] {
  const values = valuesOf(action, operation);
  const pointedTo = action.signals.flatMap(({ evidence }) => {
    if (!evidence.startsWith('/')) return [];
    const found = values.find(
      ({ pointer }) => pointer === evidence || pointer?.startsWith(`${evidence}/`),
    );
    return found ? [found] : [];
  });
  const ofKind = KINDS.flatMap((words, kind) =>
    values.filter((value) => {
      // Path parameters name the target of the request; an identifier may have any name.
      const isNamed =
        kind === KINDS.length - 1 && (isPathValue(value, operation) || isIdentifier(value.value));
      return isNamed || words.has(lastWord(value.name));
    }),
  );
  return [...new Set([...pointedTo, ...ofKind])]
    .filter(({ name, value }) => value !== '' && !SECRET_NAME.test(name))
    .slice(0, MAIN_FIELDS_MAX);
}

function isPathValue({ name, pointer }: RequestValue, operation: Operation | undefined): boolean {
  return pointer === null && namesInPath(operation).includes(name);
}

/** Returns whether a value looks like an identifier: letters and digits, but not a date. */
function isIdentifier(value: string): boolean {
  return /^(?=.*[a-z])(?=.*\d)[\w.:@#-]{3,64}$/i.test(value) && !/^\d{4}-\d\d-\d\d/.test(value);
}

/** Returns the last word of a camelCase, snake_case, or dotted name, ignoring list indices. */
function lastWord(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  return words.at(-1) ?? '';
}

/** The few values of a request that its card shows. */
import type { Action, Operation } from '#/client';
import { namesInPath, type RequestValue, valuesOf } from './requestValues';

/** How many values a card shows. */
const MAIN_FIELDS_MAX = 3;

/** Words that names of amounts, of recipients and of identifiers end with, in that order. */
const KINDS: ReadonlyArray<ReadonlySet<string>> = [
  new Set('amount amounts price total cost fee sum quantity currency'.split(' ')),
  new Set(
    'to cc bcc recipient recipients email mail phone destination payee account channel user member customer url'.split(
      ' ',
    ),
  ),
  new Set('id ids uuid name number reference ref file path'.split(' ')),
];

/** Names of what is not for everyone who passes the screen; the request in full has it. */
const SECRET_NAME = /token|secret|password|key|cvc|cvv|pin$/i;

/**
 * The values that matter most: those that the judgement points to, then amounts, recipients and
 * what names the thing that is meant.
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
      // What the path names is what the request is about; an identifier may stand under any name.
      const isNamed =
        kind === KINDS.length - 1 && (isOfPath(value, operation) || isIdentifier(value.value));
      return isNamed || words.has(lastWord(value.name));
    }),
  );
  return [...new Set([...pointedTo, ...ofKind])]
    .filter(({ name, value }) => value !== '' && !SECRET_NAME.test(name))
    .slice(0, MAIN_FIELDS_MAX);
}

function isOfPath({ name, pointer }: RequestValue, operation: Operation | undefined): boolean {
  return pointer === null && namesInPath(operation).includes(name);
}

/** Whether a value is of letters and digits as identifiers are; a date is none. */
function isIdentifier(value: string): boolean {
  return /^(?=.*[a-z])(?=.*\d)[\w.:@#-]{3,64}$/i.test(value) && !/^\d{4}-\d\d-\d\d/.test(value);
}

/** The last word of a name that is written in any of the usual ways; indices of lists are none. */
function lastWord(name: string): string {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
  return words.at(-1) ?? '';
}

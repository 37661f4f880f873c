/** The differences that set a request apart from the others of its table, so that nobody approves it as one of many. */
import { dangerOf } from '#/action/danger';
import { comparisonsOf } from '#/action/familiarity';
import { sentenceOf, unexpectedOf } from '#/action/reason';
import { bodyValues } from '#/action/requestValues';
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { amountOf, sizeOf } from './amount';

/** The share of the requests that a value has to have in common to be the usual one. */
const USUAL_MIN = 2 / 3;

/** Fewer requests have no usual value. */
const USUAL_COUNT_MIN = 3;

/** An amount that exceeds the median of the others by more than this factor is outside their range. */
const FACTOR_MAX = 5;

/** A longer text is for people, and each is different. */
const VALUE_CHARACTERS_MAX = 80;

/** A longer value is cut in a message; its row has all of it. */
const SHOWN_CHARACTERS_MAX = 40;

const NUMBER = /\d+([.,]\d+)*/g;
const EMAIL = /^[^\s@]+@([^\s@]+)$/;

/** Comparisons of the agent and the operation, which are those of all requests of a table. */
const OF_ALL = /^(First|Similar) /;

/** A value of a request by its name. */
type Values = ReadonlyMap<string, string>;

/** Returns, by the id of each request, in what it differs from the others; those that do not differ are left out. */
export function apartOf(actions: readonly Action[]): ReadonlyMap<string, string[]> {
  const found = new Map<string, string[]>();
  const add = ({ action_id }: Action, text: string) => {
    const texts = found.get(action_id) ?? [];
    if (!texts.includes(text)) found.set(action_id, [...texts, text]);
  };
  for (const [action, text] of [
    ...fewOf(actions),
    ...accountsOf(actions),
    ...unusualOf(actions),
    ...largeOf(actions),
  ]) {
    add(action, text);
  }
  return found;
}

/** Returns whether a remark is only true of at most half of the requests. */
function isOfFew(count: number, all: number): boolean {
  return count * 2 <= all;
}

type Found = ReadonlyArray<readonly [Action, string]>;

/** Remarks on requests that most of the others do not have. A danger sets each apart that has it. */
function fewOf(actions: readonly Action[]): Found {
  const remarks = new Map<string, Array<readonly [Action, string]>>();
  const add = (key: string, action: Action, text: string) =>
    remarks.set(key, [...(remarks.get(key) ?? []), [action, text]]);
  const always: Array<readonly [Action, string]> = [];
  for (const action of actions) {
    for (const { text, isUnusual } of comparisonsOf(action)) {
      // The numbers in it differ from request to request.
      if (isUnusual && !OF_ALL.test(text)) add(text.replace(/[\d.,]+/g, '#'), action, text);
    }
    // In a table of honest requests, the one whose intent names something else is the one to look at.
    for (const signal of unexpectedOf(action)) add(signal.code, action, sentenceOf(action, signal));
    const danger = dangerOf(action);
    if (danger) always.push([action, danger.sentence]);
  }
  const few = [...remarks.values()].filter(({ length }) => isOfFew(length, actions.length));
  return [...few.flat(), ...always];
}

/** Recipients with more than one account: all but the account that most requests to them have. */
function accountsOf(actions: readonly Action[]): Found {
  const byRecipient = new Map<string, Array<readonly [Action, string]>>();
  for (const action of actions) {
    const facts = action.summary?.facts ?? [];
    const accounts = facts.filter(({ kind }) => kind === 'account').map(({ value }) => value);
    const names = facts.filter(({ kind }) => kind === 'recipient').map(({ value }) => value);
    if (accounts.length === 0) continue;
    // Where a name is not a recipient by itself, it is next to the account.
    const who = names.length > 0 ? names : namedOf(action, accounts);
    if (who.length === 0) continue;
    const key = who.toSorted().join(' · ');
    const account = accounts.toSorted().join(' · ');
    byRecipient.set(key, [...(byRecipient.get(key) ?? []), [action, account]]);
  }
  return [...byRecipient].flatMap(([who, paid]) => {
    const usual = mostFrequent(paid.map(([, account]) => account));
    const others = paid.filter(([, account]) => account !== usual);
    return others.map(([action]) => [action, `Another account for ${shown(who)}`] as const);
  });
}

const NAME =
  /(^|[/_])(beneficiary|creditor|customer|merchant|payee|recipient|supplier|to|vendor)(_?name)?$|name$/i;

/** Returns the names of parties in a body. */
function namedOf(action: Action, accounts: readonly string[]): string[] {
  return bodyValues(action)
    .filter(({ pointer, value }) => NAME.test(pointer) && !accounts.includes(value))
    .map(({ value }) => value);
}

/** Returns the value that more than half of all have; null if there is none. */
function mostFrequent(values: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts) if (count * 2 > values.length) return value;
  return null;
}

/** Values that do not look as those of most of the others do: `production` among `preview-1`, `preview-2`. */
function unusualOf(actions: readonly Action[]): Found {
  if (actions.length < USUAL_COUNT_MIN) return [];
  const all = actions.map(valuesOf);
  const names = new Set(all.flatMap((values) => [...values.keys()]));
  return [...names].flatMap((name) => {
    const shapes = all.map((values) => {
      const value = values.get(name);
      return value === undefined ? null : shapeOf(value);
    });
    const counts = new Map<string | null, number>();
    for (const shape of shapes) counts.set(shape, (counts.get(shape) ?? 0) + 1);
    const [usual] = [...counts].find(([, count]) => count >= USUAL_MIN * actions.length) ?? [];
    if (usual === undefined) return [];
    return actions.flatMap((action, at) => {
      if (shapes[at] === usual) return [];
      const value = all[at]?.get(name);
      const text =
        value === undefined
          ? `No ${name}, unlike the others`
          : usual === null
            ? `Has ${name} ${shown(value)}, unlike the others`
            : `${name} ${shown(value)} is unlike the others`;
      return [[action, text] as const];
    });
  });
}

/** Returns the values of a body and the parts of a path by their names. */
function valuesOf(action: Action): Values {
  const { path, query } = splitTarget(action.target_url);
  const values = new Map<string, string>();
  const facts = action.summary?.facts.filter(({ location }) => location === 'path') ?? [];
  const named = new Map(facts.map(({ name, value }) => [value, name]));
  path.split('/').forEach((part, at) => {
    if (part !== '') values.set(named.get(part) ?? `path part ${at}`, part);
  });
  for (const { decoded } of query) {
    const [name = '', ...rest] = decoded.split('=');
    values.set(name, rest.join('='));
  }
  for (const { pointer, value } of bodyValues(action)) {
    if (value.length <= VALUE_CHARACTERS_MAX)
      values.set(pointer.slice(1).replaceAll('/', '.'), value);
  }
  return values;
}

/** Returns how a value looks: its domain if it is an address, else its letters with a mark for each number. */
function shapeOf(value: string): string {
  const domain = EMAIL.exec(value)?.[1];
  if (domain !== undefined) return `@${domain.toLowerCase()}`;
  return value.replace(NUMBER, '#').toLowerCase();
}

/** Amounts far above those of the others. */
function largeOf(actions: readonly Action[]): Found {
  const amounts = actions.flatMap((action) => {
    const amount = amountOf(action);
    if (!amount) return [];
    return [{ action, unit: `${amount.before} ${amount.after}`, value: sizeOf(amount) }];
  });
  return amounts.flatMap(({ action, unit, value }, at) => {
    const others = amounts
      .filter((other, index) => index !== at && other.unit === unit)
      .map((other) => other.value)
      .toSorted((one, other) => one - other);
    const median = others[Math.floor(others.length / 2)];
    if (median === undefined || median === 0 || value <= FACTOR_MAX * median) return [];
    const factor = Math.round(value / median).toLocaleString('en');
    return [[action, `Amount ${factor} times the usual one in this table`] as const];
  });
}

function shown(text: string): string {
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
}

/** Creates a rule from a request and the decision taken on it. */
import { namesInPath, valuesOf } from '#/action/requestValues';
import type { Action, Operation, RequestEntry, RuleEffect } from '#/client';
import { fold } from '#/text/fold';
import { unescaped } from '#/text/json';
import { splitTarget } from '#/text/target';
import { visibleText } from '#/text/visible';
import { conditionOf, type FieldRef, NUMBER, type Target, type Test } from './built';
import { EMPTY_RULE, type RuleDraft } from './draft';
import { keyOf } from './fields';

const NAME_CHARACTERS_MAX = 100;

/** Returns a rule that decides on requests like this one as a human did, for the same agent. */
export function draftFromAction(action: Action, operation: Operation | undefined): RuleDraft {
  const decided = effectOf(action);
  const values = valueTests(action, decided);
  const effect = values === null && decided === 'allow' ? 'require_approval' : decided;
  return {
    ...base(action, operation, effect),
    condition: conditionOf({
      target: targetOf(action),
      tests: [...pathTests(action, operation), ...(values ?? [])],
    }),
  };
}

/**
 * Returns a rule for the same operation or, if it is undocumented, for the same method and path. It
 * holds: no human has decided.
 */
export function draftFromEntry(entry: RequestEntry, operation: Operation | undefined): RuleDraft {
  return {
    ...base(entry, operation, 'require_approval'),
    condition: conditionOf({ target: targetOf(entry), tests: pathTests(entry, operation) }),
  };
}

/** The fields that a held and a decided request share. */
type Request = Pick<
  RequestEntry,
  'agent_id' | 'service_id' | 'method' | 'target_url' | 'operation'
>;

function base(request: Request, operation: Operation | undefined, effect: RuleEffect) {
  const { path } = splitTarget(request.target_url);
  const name = operation?.summary ?? request.operation?.summary ?? `${request.method} ${path}`;
  return {
    ...EMPTY_RULE,
    name: fold(visibleText(name), 1, NAME_CHARACTERS_MAX).shown,
    effect,
    serviceId: request.service_id,
    agentId: request.agent_id,
  };
}

/** Returns the effect that repeats a human's decision; without one, the human is asked again. */
export function effectOf({ approval, status }: Pick<Action, 'approval' | 'status'>): RuleEffect {
  if (status === 'DENIED') return 'deny';
  return approval !== null && status !== 'REVOKED' ? 'allow' : 'require_approval';
}

function targetOf({ operation, method }: Request): Target {
  return operation ? { kind: 'operation', id: operation.id } : { kind: 'method', method };
}

/** Returns the path, unless the operation already implies it. */
function pathTests(request: Request, operation: Operation | undefined): Test[] {
  if (operation && namesInPath(operation).length === 0) return [];
  const { path } = splitTarget(request.target_url);
  // The gateway rejects an asterisk in request.under(), so that it cannot be mistaken for a wildcard.
  return [{ field: { place: 'path' }, operator: 'under', values: [path.replaceAll('*', '%2A')] }];
}

/** The kinds of facts that a rule must limit. */
const LIMITED: ReadonlySet<string> = new Set(['amount', 'recipient', 'account']);

/** The names of currencies: `currency`, `currency_code`, `payoutCurrency`. */
const CURRENCY = /currency/i;

/**
 * Returns the amounts as limits, and the recipients, accounts, and currencies as they are. Null if
 * one of them cannot be limited: a rule that allows would then allow any. That includes values that
 * the gateway found and this page cannot read, such as those of a multipart body or of the query.
 */
function valueTests(action: Action, effect: RuleEffect): Test[] | null {
  const facts = new Map(action.summary?.facts.map(({ location, kind }) => [location, kind]));
  const body = parsed(action.request_body);
  const tests = new Map<string, Test>();
  const unlimited = new Set<string>();
  for (const [location, kind] of facts) if (LIMITED.has(kind)) unlimited.add(location);
  for (const { pointer, value } of valuesOf(action, undefined)) {
    if (pointer === null) continue;
    const kind = facts.get(`body${pointer}`) ?? '';
    const path = pointer.split('/').slice(1).map(unescaped);
    if (!LIMITED.has(kind) && !CURRENCY.test(path.at(-1) ?? '')) continue;
    const test = valueTest(body, path, value, kind, effect);
    if (test) {
      tests.set(keyOf(test.field), test);
      unlimited.delete(`body${pointer}`);
    } else if (LIMITED.has(kind)) return null;
  }
  return effect === 'allow' && unlimited.size > 0 ? null : [...tests.values()];
}

function valueTest(
  body: unknown,
  path: readonly string[],
  value: string,
  kind: string,
  effect: RuleEffect,
): Test | null {
  const parents = path.map((_, depth) => memberOf(body, path.slice(0, depth)));
  const field: FieldRef = { place: 'body', path };
  if (parents.slice(0, -1).some(Array.isArray)) return null;
  const list = parents.at(-1);
  if (Array.isArray(list)) {
    if (!list.every((item) => typeof item === 'string')) return null;
    return { field: { ...field, path: path.slice(0, -1) }, operator: 'only', values: list };
  }
  if (kind === 'amount') {
    // An allowed amount is a ceiling; a denied or held one is a floor.
    const operator = effect === 'allow' ? 'le' : 'ge';
    return NUMBER.test(value) ? { field, operator, values: [value] } : null;
  }
  // Numbers and truth values are not compared with text. In a form, everything is text.
  const own = memberOf(body, path);
  return own === undefined || typeof own === 'string'
    ? { field, operator: 'is', values: [value] }
    : null;
}

/** Returns a body's JSON; undefined if it is a form. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function memberOf(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (parent, name) =>
      typeof parent === 'object' && parent !== null && Object.hasOwn(parent, name)
        ? (parent as Record<string, unknown>)[name]
        : undefined,
    value,
  );
}

/** Completions for conditions, including names from a service's documents. */

import { ALL_EFFECTS } from '#/action/effect';
import type { Operation } from '#/client';
import { unescaped } from '#/text/json';

/** A completion. */
export interface Completion {
  /** The text to insert. */
  text: string;
  /** Its kind, in a word or two. */
  kind: string;
  /** Its description. */
  info: string | undefined;
}

/** A documented field of requests. */
export interface DocumentedField {
  /** Its path in the body, the query, or the headers. */
  path: readonly string[];
  kind: string | null;
  info: string | null;
  values: readonly string[];
}

/** The documented operations and fields of services, and the names of the workspace. */
export interface Documented {
  operations: ReadonlyArray<{ id: string; summary: string | null; tags: readonly string[] }>;
  body: readonly DocumentedField[];
  query: readonly DocumentedField[];
  headers: readonly DocumentedField[];
  /** The names of the workspace's services and agents. */
  services: readonly string[];
  agents: readonly string[];
}

/** Nothing documented. */
export const UNDOCUMENTED: Documented = {
  operations: [],
  body: [],
  query: [],
  headers: [],
  services: [],
  agents: [],
};

/** Collects the documented fields of operations, each once. */
export function documented(operations: readonly Operation[]): Documented {
  const body = new Map<string, DocumentedField>();
  const query = new Map<string, DocumentedField>();
  const headers = new Map<string, DocumentedField>();
  const add = (to: Map<string, DocumentedField>, field: DocumentedField) => {
    const key = field.path.join('/');
    const known = to.get(key);
    if (!known || (known.info === null && field.info !== null)) to.set(key, field);
  };
  for (const { fields, parameters } of operations) {
    for (const { pointer, kind, description, values } of fields) {
      const path = pointer.split('/').slice(1).map(unescaped);
      // Members of lists are reached through a variable of exists() or all(), not by name.
      if (!path.includes('*')) add(body, { path, kind, info: description, values });
    }
    for (const { name, place, kind, description, values } of parameters) {
      const field = { kind, info: description, values };
      if (place === 'query') add(query, { ...field, path: [name] });
      if (place === 'header') add(headers, { ...field, path: [name.toLowerCase()] });
    }
  }
  return {
    ...UNDOCUMENTED,
    operations,
    body: [...body.values()],
    query: [...query.values()],
    headers: [...headers.values()],
  };
}

const VARIABLES: readonly Completion[] = [
  { text: 'request', kind: 'variable', info: 'what the agent wants to send' },
  { text: 'service', kind: 'variable', info: 'the service that it goes to' },
  { text: 'agent', kind: 'variable', info: 'the agent that sent it' },
  { text: 'operation', kind: 'variable', info: 'the documented operation; null if undocumented' },
  { text: 'intent', kind: 'string', info: 'the agent’s stated purpose' },
  { text: 'now', kind: 'time', info: 'the time of the decision' },
];

const MEMBERS: Readonly<Record<string, readonly Completion[]>> = {
  request: [
    {
      text: 'under("',
      kind: 'function',
      info: 'whether the path is this one or below it, in any spelling',
    },
    { text: 'method', kind: 'string', info: 'in upper case' },
    {
      text: 'path',
      kind: 'string',
      info: 'the path without the query; request.under() accepts any spelling',
    },
    { text: 'host', kind: 'string', info: undefined },
    { text: 'query', kind: 'map', info: 'the query’s parameters' },
    { text: 'headers', kind: 'map', info: 'names in lower case' },
    { text: 'body', kind: 'value', info: 'parsed from JSON, a form, or multipart; null if empty' },
    { text: 'size', kind: 'number', info: 'of the body, in bytes' },
  ],
  service: [
    { text: 'id', kind: 'number', info: undefined },
    { text: 'name', kind: 'string', info: undefined },
  ],
  agent: [
    { text: 'id', kind: 'number', info: undefined },
    { text: 'name', kind: 'string', info: undefined },
  ],
  operation: [
    { text: 'id', kind: 'string', info: 'the document’s operationId' },
    { text: 'summary', kind: 'string', info: undefined },
    { text: 'tags', kind: 'list', info: undefined },
    { text: 'deprecated', kind: 'boolean', info: undefined },
    { text: 'effect', kind: 'string', info: 'its most severe effect, such as deletes or pays' },
  ],
};

const FUNCTIONS: readonly Completion[] = [
  { text: 'has(', kind: 'function', info: 'whether a field exists, in a readable body' },
  { text: 'size(', kind: 'function', info: 'the length of a string, list, or map' },
  { text: 'int(', kind: 'function', info: 'converts to an integer; does not accept decimals' },
  {
    text: 'money(',
    kind: 'function',
    info: 'money(amount, currency): the amount in units of its currency',
  },
  { text: 'double(', kind: 'function', info: 'converts to a number' },
  { text: 'string(', kind: 'function', info: 'converts to a string' },
  { text: 'bool(', kind: 'function', info: 'converts to a boolean' },
  { text: 'timestamp(', kind: 'function', info: 'parses an RFC 3339 time' },
  { text: 'duration(', kind: 'function', info: 'parses a duration such as "24h"' },
  { text: 'true', kind: 'value', info: undefined },
  { text: 'false', kind: 'value', info: undefined },
  { text: 'null', kind: 'value', info: undefined },
];

const METHODS: readonly Completion[] = [
  { text: 'startsWith(', kind: 'string method', info: undefined },
  { text: 'endsWith(', kind: 'string method', info: undefined },
  { text: 'contains(', kind: 'string method', info: undefined },
  { text: 'matches(', kind: 'string method', info: 'matches a regular expression' },
  { text: 'lowerAscii()', kind: 'string method', info: undefined },
  { text: 'size()', kind: 'string or list method', info: undefined },
  { text: 'exists(', kind: 'list method', info: 'some member matches: exists(x, x == 1)' },
  { text: 'all(', kind: 'list method', info: 'every member matches: all(x, x > 1)' },
  { text: 'getHours()', kind: 'time method', info: undefined },
  { text: 'getDayOfWeek()', kind: 'time method', info: '0 is Sunday' },
];

/** The completions at the end of a text. */
export interface Completions {
  /** The number of characters before the end that they replace. */
  replaces: number;
  items: Completion[];
}

const CHAIN = /(?:^|[^\w."'\]])([A-Za-z_]\w*(?:\.\w+)*)\.(\w*)$/;
/** A name or method that can follow a dot. */
const IDENTIFIER = /^[A-Za-z_]\w*(?:\("?)?$/;
const VALUE_OF = /([A-Za-z_]\w*(?:\.\w+)*)\s*(?:==|!=)\s*(["'])([^"']*)$/;
const KEY_OF = /(request\.(?:headers|query|body)(?:\.\w+)*)\[(["'])([^"']*)$/;
const STRING_START = /(["'])([^"']*)$/;

/** Returns the completions at the end of `before`; null if there are none. */
export function completionsAt(before: string, known: Documented): Completions | null {
  const key = KEY_OF.exec(before);
  if (key) {
    const [, chain = '', quote = '', typed = ''] = key;
    return matching(
      typed,
      below(chain, known).map((word) => ({ ...word, text: word.text + quote })),
    );
  }
  const value = VALUE_OF.exec(before);
  if (value) {
    const [, chain = '', quote = '', typed = ''] = value;
    return matching(
      typed,
      valuesOf(chain, known).map((word) => ({ ...word, text: word.text + quote })),
    );
  }
  // String literals have no completions.
  if (isInString(before)) return null;
  const member = CHAIN.exec(before);
  if (member) {
    const [, chain = '', typed = ''] = member;
    const fields = below(chain, known).filter(({ text }) => IDENTIFIER.test(text));
    return matching(typed, [...fields, ...(MEMBERS[chain] ? [] : METHODS)]);
  }
  const typed = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  if (/[.\w]$/.test(before.slice(0, before.length - typed.length))) return null;
  return matching(typed, [...VARIABLES, ...FUNCTIONS]);
}

function matching(typed: string, items: Completion[]): Completions | null {
  const small = typed.toLowerCase();
  const found = items.filter(({ text }) => text.toLowerCase().includes(small));
  return found.length > 0 ? { replaces: typed.length, items: found } : null;
}

function isInString(before: string): boolean {
  const bare = before.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  return STRING_START.test(bare);
}

/** Returns the members of a chain of names. */
function below(chain: string, known: Documented): Completion[] {
  const members = MEMBERS[chain];
  if (members) return [...members];
  const [first, place, ...path] = chain.split('.');
  if (first !== 'request') return [];
  const fields = { body: known.body, query: known.query, headers: known.headers }[place ?? ''];
  return (fields ?? [])
    .filter(
      (field) => field.path.length === path.length + 1 && path.every((p, i) => field.path[i] === p),
    )
    .map((field) => ({
      text: field.path.at(-1) ?? '',
      kind: field.kind ?? 'documented',
      info: field.info ?? undefined,
    }));
}

/** Returns the documented values of a field. */
function valuesOf(chain: string, known: Documented): Completion[] {
  if (chain === 'request.method') {
    return ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].map((text) => ({
      text,
      kind: 'method',
      info: undefined,
    }));
  }
  if (chain === 'operation.id') {
    return known.operations.map(({ id, summary }) => ({
      text: id,
      kind: 'operation',
      info: summary ?? undefined,
    }));
  }
  if (chain === 'operation.effect') {
    return ALL_EFFECTS.map((text) => ({
      text,
      kind: 'effect',
      info: undefined,
    }));
  }
  if (chain === 'service.name') return namesOf(known.services, 'service');
  if (chain === 'agent.name') return namesOf(known.agents, 'agent');
  const [first, place, ...path] = chain.split('.');
  if (first !== 'request' || place !== 'body') return [];
  const field = known.body.find((each) => each.path.join('/') === path.join('/'));
  return (field?.values ?? []).map((text) => ({ text, kind: 'documented', info: undefined }));
}

/** Returns the names that can be written without an escape. */
function namesOf(names: readonly string[], kind: string): Completion[] {
  return names
    .filter((name) => !/["'\\\p{Cc}]/u.test(name))
    .map((text) => ({ text, kind, info: undefined }));
}

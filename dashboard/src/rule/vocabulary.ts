/** The words of conditions, and what a service's documents add to them. */
import type { Operation } from '#/client';

/** Something that can be written at a place. */
export interface Word {
  /** What is written. */
  text: string;
  /** What it is, in a word or two. */
  kind: string;
  /** What it means. */
  means: string | undefined;
}

/** A value that a request may hold, from the documents. */
export interface DocumentedField {
  /** The way to it from the body, the query or the headers. */
  way: readonly string[];
  kind: string | null;
  means: string | null;
  values: readonly string[];
}

/** What the documents of a service say. */
export interface Documented {
  operations: ReadonlyArray<{ id: string; summary: string | null; tags: readonly string[] }>;
  body: readonly DocumentedField[];
  query: readonly DocumentedField[];
  headers: readonly DocumentedField[];
}

/** Nothing documented. */
export const UNDOCUMENTED: Documented = { operations: [], body: [], query: [], headers: [] };

/** Gathers what the operations of a service take; each field stands once. */
export function documented(operations: readonly Operation[]): Documented {
  const body = new Map<string, DocumentedField>();
  const query = new Map<string, DocumentedField>();
  const headers = new Map<string, DocumentedField>();
  const add = (to: Map<string, DocumentedField>, field: DocumentedField) => {
    const key = field.way.join('/');
    const known = to.get(key);
    if (!known || (known.means === null && field.means !== null)) to.set(key, field);
  };
  for (const { fields, parameters } of operations) {
    for (const { pointer, kind, description, values } of fields) {
      const way = pointer.split('/').slice(1).map(unescaped);
      // What stands in a list is reached through a variable of exists() or all(), not by a name.
      if (!way.includes('*')) add(body, { way, kind, means: description, values });
    }
    for (const { name, place, kind, description, values } of parameters) {
      const field = { kind, means: description, values };
      if (place === 'query') add(query, { ...field, way: [name] });
      if (place === 'header') add(headers, { ...field, way: [name.toLowerCase()] });
    }
  }
  return {
    operations,
    body: [...body.values()],
    query: [...query.values()],
    headers: [...headers.values()],
  };
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

const VARIABLES: readonly Word[] = [
  { text: 'request', kind: 'variable', means: 'what the agent wants to send' },
  { text: 'service', kind: 'variable', means: 'where it goes' },
  { text: 'agent', kind: 'variable', means: 'who asks' },
  { text: 'operation', kind: 'variable', means: 'what the documents call it; null if they do not' },
  { text: 'intent', kind: 'string', means: 'why the agent asks, in its own words' },
  { text: 'now', kind: 'time', means: 'when it asks' },
];

const MEMBERS: Readonly<Record<string, readonly Word[]>> = {
  request: [
    {
      text: 'under("',
      kind: 'function',
      means: 'whether the path is this one or below it, in any spelling',
    },
    { text: 'method', kind: 'string', means: 'in capitals' },
    {
      text: 'path',
      kind: 'string',
      means: 'the whole path as spelled, without the query; request.under() takes every spelling',
    },
    { text: 'host', kind: 'string', means: undefined },
    { text: 'query', kind: 'map', means: 'the query’s parameters' },
    { text: 'headers', kind: 'map', means: 'names in lower case' },
    { text: 'body', kind: 'value', means: 'read from JSON, a form or multipart; null if empty' },
    { text: 'size', kind: 'number', means: 'of the body, in bytes' },
  ],
  service: [
    { text: 'id', kind: 'number', means: undefined },
    { text: 'name', kind: 'string', means: undefined },
  ],
  agent: [
    { text: 'id', kind: 'number', means: undefined },
    { text: 'name', kind: 'string', means: undefined },
  ],
  operation: [
    { text: 'id', kind: 'string', means: 'the document’s operationId' },
    { text: 'summary', kind: 'string', means: undefined },
    { text: 'tags', kind: 'list', means: undefined },
    { text: 'deprecated', kind: 'true or false', means: undefined },
  ],
};

const FUNCTIONS: readonly Word[] = [
  { text: 'has(', kind: 'function', means: 'whether a field is there, in a body that can be read' },
  { text: 'size(', kind: 'function', means: 'how long a text, list or map is' },
  { text: 'int(', kind: 'function', means: 'as a whole number' },
  { text: 'double(', kind: 'function', means: 'as a number' },
  { text: 'string(', kind: 'function', means: 'as text' },
  { text: 'bool(', kind: 'function', means: 'as true or false' },
  { text: 'timestamp(', kind: 'function', means: 'a time from its RFC 3339 text' },
  { text: 'duration(', kind: 'function', means: 'a span such as "24h"' },
  { text: 'true', kind: 'value', means: undefined },
  { text: 'false', kind: 'value', means: undefined },
  { text: 'null', kind: 'value', means: undefined },
];

const METHODS: readonly Word[] = [
  { text: 'startsWith(', kind: 'of a text', means: undefined },
  { text: 'endsWith(', kind: 'of a text', means: undefined },
  { text: 'contains(', kind: 'of a text', means: undefined },
  { text: 'matches(', kind: 'of a text', means: 'a regular expression fits' },
  { text: 'lowerAscii()', kind: 'of a text', means: undefined },
  { text: 'size()', kind: 'of a text or list', means: undefined },
  { text: 'exists(', kind: 'of a list', means: 'some member fits: exists(x, x == 1)' },
  { text: 'all(', kind: 'of a list', means: 'every member fits: all(x, x > 1)' },
  { text: 'getHours()', kind: 'of a time', means: undefined },
  { text: 'getDayOfWeek()', kind: 'of a time', means: '0 is Sunday' },
];

/** What can be written at the end of a text, and how much of the text it takes the place of. */
export interface Offer {
  /** How many characters before the end are replaced. */
  replaces: number;
  words: Word[];
}

const CHAIN = /(?:^|[^\w."'\]])([A-Za-z_]\w*(?:\.\w+)*)\.(\w*)$/;
/** What can follow a dot: a name, or a function of the variable. */
const IDENTIFIER = /^[A-Za-z_]\w*(?:\("?)?$/;
const TEXT_OF = /([A-Za-z_]\w*(?:\.\w+)*)\s*(?:==|!=)\s*(["'])([^"']*)$/;
const KEY_OF = /(request\.(?:headers|query|body)(?:\.\w+)*)\[(["'])([^"']*)$/;
const TAG_OF = /(["'])([^"']*)$/;

/** What can be written at the end of `before`; null where nothing is known to fit. */
export function completionsAt(before: string, known: Documented): Offer | null {
  const key = KEY_OF.exec(before);
  if (key) {
    const [, chain = '', quote = '', typed = ''] = key;
    return offer(
      typed,
      below(chain, known).map((word) => ({ ...word, text: word.text + quote })),
    );
  }
  const value = TEXT_OF.exec(before);
  if (value) {
    const [, chain = '', quote = '', typed = ''] = value;
    return offer(
      typed,
      valuesOf(chain, known).map((word) => ({ ...word, text: word.text + quote })),
    );
  }
  // Within a text nothing is offered.
  if (isInText(before)) return null;
  const member = CHAIN.exec(before);
  if (member) {
    const [, chain = '', typed = ''] = member;
    const fields = below(chain, known).filter(({ text }) => IDENTIFIER.test(text));
    return offer(typed, [...fields, ...(MEMBERS[chain] ? [] : METHODS)]);
  }
  const typed = /[A-Za-z_]\w*$/.exec(before)?.[0] ?? '';
  if (/[.\w]$/.test(before.slice(0, before.length - typed.length))) return null;
  return offer(typed, [...VARIABLES, ...FUNCTIONS]);
}

function offer(typed: string, words: Word[]): Offer | null {
  const small = typed.toLowerCase();
  const fitting = words.filter(({ text }) => text.toLowerCase().includes(small));
  return fitting.length > 0 ? { replaces: typed.length, words: fitting } : null;
}

function isInText(before: string): boolean {
  const bare = before.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '');
  return TAG_OF.test(bare);
}

/** What stands below a chain of names. */
function below(chain: string, known: Documented): Word[] {
  const members = MEMBERS[chain];
  if (members) return [...members];
  const [first, place, ...way] = chain.split('.');
  if (first !== 'request') return [];
  const fields = { body: known.body, query: known.query, headers: known.headers }[place ?? ''];
  return (fields ?? [])
    .filter(
      (field) => field.way.length === way.length + 1 && way.every((p, i) => field.way[i] === p),
    )
    .map((field) => ({
      text: field.way.at(-1) ?? '',
      kind: field.kind ?? 'documented',
      means: field.means ?? undefined,
    }));
}

/** The texts that a value is known to have. */
function valuesOf(chain: string, known: Documented): Word[] {
  if (chain === 'request.method') {
    return ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'].map((text) => ({
      text,
      kind: 'method',
      means: undefined,
    }));
  }
  if (chain === 'operation.id') {
    return known.operations.map(({ id, summary }) => ({
      text: id,
      kind: 'operation',
      means: summary ?? undefined,
    }));
  }
  const [first, place, ...way] = chain.split('.');
  if (first !== 'request' || place !== 'body') return [];
  const field = known.body.find((each) => each.way.join('/') === way.join('/'));
  return (field?.values ?? []).map((text) => ({ text, kind: 'documented', means: undefined }));
}

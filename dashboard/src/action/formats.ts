/** The values of bodies that are neither JSON nor a form: XML and multipart, as far as a reader needs them. */
import { jsonLeaves } from '#/text/json';

/** A value with its JSON pointer, as the gateway writes it. */
export interface FormatLeaf {
  pointer: string;
  value: string;
}

/** A start tag, an end tag, marked text, or what says nothing: a comment, a declaration, a processing instruction. */
const XML_TOKEN =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<[!?][\s\S]*?>|<(\/?)([^\s/>]+)([^>]*?)(\/?)>|([^<]+)/g;
const ATTRIBUTE = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  gt: '>',
  lt: '<',
  quot: '"',
};

interface Element {
  name: string;
  text: string;
  children: Array<Element>;
  attributes: Array<[string, string]>;
}

/**
 * Returns the attributes and texts of an XML document by local names, with the items of repeated elements numbered;
 * null if the text is not one.
 */
export function xmlLeaves(text: string): FormatLeaf[] | null {
  const root: Element = { name: '', text: '', children: [], attributes: [] };
  const open = [root];
  let end = 0;
  for (const match of text.matchAll(XML_TOKEN)) {
    const [token, marked, closing, name = '', attributes = '', isEmpty, plain] = match;
    if (match.index !== end) return null;
    end += token.length;
    const current = open.at(-1);
    if (!current) return null;
    if (marked !== undefined) current.text += marked;
    else if (plain !== undefined) current.text += decoded(plain);
    else if (name === '') continue;
    else if (closing === '/') {
      if (open.length < 2 || current.name !== local(name)) return null;
      open.pop();
    } else {
      const element = { name: local(name), text: '', children: [], attributes: of(attributes) };
      current.children.push(element);
      if (isEmpty !== '/') open.push(element);
    }
  }
  if (open.length !== 1 || root.children.length !== 1 || end !== text.length) return null;
  return valuesOf(root, '');
}

function valuesOf({ text, children, attributes }: Element, pointer: string): FormatLeaf[] {
  const found = attributes.map(([name, value]) => ({ pointer: `${pointer}/${name}`, value }));
  const own = text.trim();
  // The text of an element with attributes or children has no name.
  const isAlone = attributes.length === 0 && children.length === 0;
  if (own !== '' || isAlone) {
    found.push({ pointer: isAlone ? pointer : `${pointer}/`, value: own });
  }
  for (const child of children) {
    const alike = children.filter(({ name }) => name === child.name);
    const place = alike.length > 1 ? `/${child.name}/${alike.indexOf(child)}` : `/${child.name}`;
    found.push(...valuesOf(child, pointer + place));
  }
  return found;
}

function of(attributes: string): Array<[string, string]> {
  return [...attributes.matchAll(ATTRIBUTE)]
    .filter(([, name = '']) => !/^xmlns(:|$)/.test(name))
    .map(([, name = '', double, single]) => [local(name), decoded(double ?? single ?? '')]);
}

function local(name: string): string {
  return name.replace(/^.*:/, '');
}

function decoded(text: string): string {
  return text.replace(/&(#x[\da-f]+|#\d+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name] ?? whole;
    const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}

/** The line of a request within a part. */
const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/[\d.]+/;

/** How deep the parts of a batch are taken apart. */
const NESTED_MAX = 3;

/**
 * Returns the values of a multipart body whose parts are requests: the method, the URL and the values of the body of each,
 * as the gateway places them. Null if no part is a request.
 */
export function batchLeaves(body: string, type: string): FormatLeaf[] | null {
  const requests = requestsIn(withLineBreaks(body), type, NESTED_MAX);
  if (requests.length === 0) return null;
  return requests.flatMap((request, index) => {
    const at = request.indexOf('\n\n');
    const content = at < 0 ? '' : request.slice(at + 2).trim();
    const [, method = '', url = ''] = REQUEST_LINE.exec(request) ?? [];
    const leaves = jsonLeaves(content);
    const values = leaves.length > 0 || content === '' ? leaves : [{ pointer: '', value: content }];
    return [
      { pointer: `/${index}/method`, value: method },
      { pointer: `/${index}/url`, value: url },
      ...values.map(({ pointer, value }) => ({ pointer: `/${index}/body${pointer}`, value })),
    ];
  });
}

/** Returns the parts of a multipart body that are requests, those within its parts included. */
function requestsIn(body: string, type: string, depth: number): string[] {
  const boundary = /boundary="?([^";\n]+)"?/i.exec(type)?.[1];
  if (!/^\s*multipart\//i.test(type) || boundary === undefined || depth === 0) return [];
  return body
    .split(`--${boundary}`)
    .slice(1, -1)
    .flatMap((piece) => {
      const at = piece.indexOf('\n\n');
      if (at < 0) return [];
      const content = piece.slice(at + 2).trimStart();
      if (REQUEST_LINE.test(content)) return [content];
      const own = /^content-type:(.*(?:\n[ \t].*)*)/im.exec(piece.slice(0, at))?.[1] ?? '';
      return requestsIn(content, own.trim(), depth - 1);
    });
}

/** Returns the parts of a multipart body by their names, a file with its name; null if the body is not one. */
export function multipartLeaves(body: string, type: string): FormatLeaf[] | null {
  const boundary = /boundary="?([^";]+)"?/i.exec(type)?.[1];
  if (!/^multipart\//i.test(type) || boundary === undefined) return null;
  const pieces = withLineBreaks(body).split(`--${boundary}`).slice(1, -1);
  return pieces.flatMap((piece, index) => {
    const at = piece.indexOf('\n\n');
    if (at < 0) return [{ pointer: `/part ${index + 1}`, value: piece.trim() }];
    const head = piece.slice(0, at);
    const name = /[;\s]name="?([^";\n]*)"?/i.exec(head)?.[1] ?? `part ${index + 1}`;
    const file = /filename\*?="?([^";\n]*)"?/i.exec(head)?.[1];
    const pointer = `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const value = piece.slice(at + 2).replace(/\n$/, '');
    if (file === undefined) return [{ pointer, value }];
    return [
      { pointer: `${pointer}/filename`, value: file },
      { pointer, value },
    ];
  });
}

/** Returns a text with the line breaks of the internet as plain ones: they are not hidden characters. */
export function withLineBreaks(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

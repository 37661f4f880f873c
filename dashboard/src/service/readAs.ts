/** How a document that somebody brings is to be read. */

/** What a text is: a description of an API, in JSON or YAML, or else words. */
export function readAs(text: string): 'openapi' | 'markdown' {
  const head = text.slice(0, 4096).trimStart();
  const isDescription = head.startsWith('{') || /^["']?(openapi|swagger)["']?\s*:/m.test(head);
  return isDescription ? 'openapi' : 'markdown';
}

/** The format of an uploaded document. */

/** Returns whether a text is an OpenAPI document, in JSON or YAML, or Markdown. */
export function readAs(text: string): 'openapi' | 'markdown' {
  const head = text.slice(0, 4096).trimStart();
  const isDescription = head.startsWith('{') || /^["']?(openapi|swagger)["']?\s*:/m.test(head);
  return isDescription ? 'openapi' : 'markdown';
}

/** The format of an uploaded document. */

/** Returns whether a text is an OpenAPI document, in JSON or YAML, or Markdown. */
export function readAs(text: string): 'openapi' | 'markdown' {
  // A document may sort its keys, so the declaration can be anywhere in it.
  const isDescription =
    text.trimStart().startsWith('{') || /^["']?(openapi|swagger)["']?\s*:/m.test(text);
  return isDescription ? 'openapi' : 'markdown';
}

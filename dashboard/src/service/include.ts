/** The part of an API description to read, as it is typed. */
import type { DocumentInclude } from '#/client';

/** Tags and paths, one per line. */
export interface IncludeText {
  tags: string;
  paths: string;
}

/** Returns the selection; `undefined` if nothing is selected, so that everything is read. */
export function includeOf(text: IncludeText): DocumentInclude | undefined {
  const tags = lines(text.tags);
  const paths = lines(text.paths);
  if (tags.length === 0 && paths.length === 0) return undefined;
  return { ...(tags.length > 0 && { tags }), ...(paths.length > 0 && { paths }) };
}

function lines(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

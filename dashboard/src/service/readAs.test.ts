import { describe, expect, it } from 'vitest';
import { readAs } from './readAs';

describe('a document', () => {
  it.each([
    ['{"swagger":"2.0"}', 'openapi'],
    ['\n  { "paths": {} }', 'openapi'],
    ['# made by hand\nopenapi: 3.1.0\n', 'openapi'],
    ["'swagger': '2.0'\n", 'openapi'],
    [`components:\n${'  # many schemas\n'.repeat(1_000)}openapi: 3.0.1\n`, 'openapi'],
    ['# The API\n\nIt follows openapi: more or less.\n', 'markdown'],
    ['', 'markdown'],
  ])('%j is read as %s', (text, kind) => {
    expect(readAs(text)).toBe(kind);
  });
});

/** Splits URLs without normalizing them: browsers' parsers would hide hostile spellings. */

/** The parts of a URL, each exactly as it is sent. */
export interface Target {
  origin: string;
  path: string;
  query: ReadonlyArray<{ raw: string; decoded: string }>;
  rawQuery: string;
}

/** Splits a URL. Any other text is returned as the path. */
export function splitTarget(url: string): Target {
  const match = /^(https?:\/\/[^/?#]*)([^?#]*)(?:\?(.*))?$/s.exec(url);
  if (!match) return { origin: '', path: url, query: [], rawQuery: '' };
  const [, origin = '', path = '', rawQuery = ''] = match;
  const pairs = rawQuery === '' ? [] : rawQuery.split('&');
  return {
    origin,
    path,
    rawQuery,
    query: pairs.map((raw) => ({ raw, decoded: decode(raw.replaceAll('+', ' ')) })),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An address taken apart without being changed: browsers' own parsers make the hostile harmless. */

/** The parts of an address, each exactly as it will be sent. */
export interface Target {
  origin: string;
  path: string;
  query: ReadonlyArray<{ raw: string; decoded: string }>;
  rawQuery: string;
}

/** Takes it apart; what is no address is all path. */
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

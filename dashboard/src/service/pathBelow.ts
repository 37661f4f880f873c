/** The path of a request below a service's base URL, as people write it. */

/** Returns the path: `v1/balance`, `/v1/balance`, `//v1/balance`, and the whole URL are the same. */
export function pathBelow(typed: string, baseUrl: string | undefined): string {
  const text = typed.trim();
  const base = baseUrl?.replace(/\/+$/, '');
  const isBelow =
    base !== undefined &&
    text.toLowerCase().startsWith(base.toLowerCase()) &&
    /^([/?]|$)/.test(text.slice(base.length));
  const path = isBelow ? text.slice(base.length) : text;
  // Another address stays as it is, so that the error names it.
  if (!isBelow && /^[a-z][a-z\d+.-]*:\/\//i.test(path)) return path;
  return `/${path.replace(/^\/+/, '')}`;
}

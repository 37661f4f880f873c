/** Where to go after signing in: the page that was asked for, and nothing outside the dashboard. */

/** Under which path the dashboard is served. */
const BASE = '/app/';
/** Longer addresses are not links to our pages. */
const LENGTH_MAX = 2_000;

/**
 * The address of one of our pages if the text is one, else null. It must be a path below the
 * dashboard's own: no scheme, no host, nothing that a browser reads as either.
 */
export function ownPage(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > LENGTH_MAX || !text.startsWith(BASE)) return null;
  // Browsers drop tabs and line breaks from addresses, and read a backslash as a slash.
  if (/[\\\p{Cc}\s]/u.test(text)) return null;
  const origin = 'https://gateway.invalid';
  let url: URL;
  try {
    url = new URL(text, origin);
  } catch {
    return null;
  }
  const isOurs = url.origin === origin && url.pathname.startsWith(BASE);
  if (!isOurs || url.pathname.includes('//') || url.pathname === `${BASE}sign-in`) return null;
  return `${url.pathname}${url.search}${url.hash}`;
}

/** The page to return to after signing in, limited to the dashboard. */

import { appPath } from '#/gateway';

/** The dashboard's base path. */
const BASE = appPath('');
/** Longer URLs are not links to our pages. */
const LENGTH_MAX = 2_000;

/**
 * Returns a text if it is the URL of one of our pages, otherwise null. It must be a path below the
 * base path: no scheme, no host, and nothing that a browser interprets as either.
 */
export function ownPage(text: unknown): string | null {
  if (typeof text !== 'string' || text.length > LENGTH_MAX || !text.startsWith(BASE)) return null;
  // Browsers drop tabs and line breaks from URLs, and treat a backslash as a slash.
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

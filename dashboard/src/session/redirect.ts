/** The parameters with which a provider sends the browser back (RFC 6749, section 4.1.2, and RFC 9207). */
export interface Redirected {
  code?: string;
  state?: string;
  iss?: string;
  error?: string;
  error_description?: string;
}

const PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description'] as const;

/** How much of the provider’s own description is shown. */
const DESCRIPTION_CHARACTERS_MAX = 300;

/** Reads the parameters of the address bar; `search` is what the router has parsed. */
export function redirectedOf(search: Record<string, unknown>): Redirected {
  const found: Redirected = {};
  // The router reads a value that looks like a number as one, which would lose digits of a long code.
  const raw = new URLSearchParams(window.location.search);
  for (const name of PARAMETERS) {
    const value = raw.get(name) ?? search[name];
    if (value !== undefined && value !== null) found[name] = String(value);
  }
  return found;
}

/** Returns the beginning of the provider’s own words, which are those of a stranger. */
export function providerWords(text: string): string {
  return text.length > DESCRIPTION_CHARACTERS_MAX
    ? `${text.slice(0, DESCRIPTION_CHARACTERS_MAX)}…`
    : text;
}

/** Short names of services. */

/** Returns a name that needs no escaping in a URL; an empty string if no character can be kept. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').replaceAll(/\p{M}/gu, '');
  return (
    plain
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-') ?? ''
  );
}

/** Parts of a host that say nothing of the service. */
const COMMON_PARTS = new Set(['api', 'app', 'rest', 'www']);

/** The longest part of a host that belongs to its country. */
const SUFFIX_CHARACTERS_MAX = 3;

/** Returns a name for the service at a base URL; an empty string if the URL has no host yet. */
export function nameOf(baseUrl: string): string {
  if (!URL.canParse(baseUrl.trim())) return '';
  const { hostname, port } = new URL(baseUrl.trim());
  // The digits of an address are not a name.
  if (/^[\d.]+$|:/.test(hostname)) return port === '' ? '' : `local-${port}`;
  const parts = hostname.split('.').filter((part) => !COMMON_PARTS.has(part));
  // A country may have a part of its own before it, as in `example.co.uk`.
  const isInCountry = parts.length > 2 && /^.{2}$/.test(parts.at(-1) ?? '');
  const isShort = isInCountry && (parts.at(-2) ?? '').length <= SUFFIX_CHARACTERS_MAX;
  return slugOf(parts.at(isShort ? -3 : -2) ?? parts[0] ?? '');
}

/** Returns a better name to suggest; null if the name is good or there is none. */
export function betterName(name: string): string | null {
  const slug = slugOf(name);
  return slug === '' || /^[a-z0-9._-]*$/i.test(name.trim()) ? null : slug;
}

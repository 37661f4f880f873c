/** Addresses that are easily taken for other ones: a domain within another, foreign letters, and digits as letters. */

/** An address and what deserves a second look about it. */
export interface Remark {
  address: string;
  text: string;
}

/** Domain names in texts, with the host of a URL and the part of an e-mail address after its sign. */
const DOMAIN =
  /(?<![\p{L}\p{N}_-])(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:xn--[a-z\d-]+|\p{L}{2,24})(?![\p{L}\p{N}_-]|\.\p{L})/gu;

/** Endings that only domains have. One inside of a name begins another domain: `paypal.com.evil.io`. */
const ENDINGS = new Set('com net org gov edu mil io co'.split(' '));

/** Endings in front of the code of a country: `example.co.uk`. */
const SECOND_LEVEL = new Set('ac co com edu gob gov ltd net or org plc'.split(' '));

/** Endings of files and of hosts inside a network, which are not domains. */
const NOT_DOMAINS =
  /\.(cfg|conf|css|csv|docx?|gif|gz|html?|ini|internal|java|jpe?g|js|json|lan|local|log|md|pdf|php|png|py|rs|sh|sql|svg|tar|toml|ts|txt|xlsx?|xml|ya?ml|zip)$/i;

/** Characters that look like another one, by the one that they look like. */
const ALIKE: ReadonlyArray<readonly [RegExp, string]> = [
  [/[0ο]/g, 'o'],
  [/[1|!іı]/g, 'l'],
  [/i/g, 'l'],
  [/rn/g, 'm'],
  [/vv/g, 'w'],
  [/5/g, 's'],
  [/3/g, 'e'],
  [/а/g, 'a'],
  [/е/g, 'e'],
  [/о/g, 'o'],
  [/р/g, 'p'],
  [/с/g, 'c'],
  [/х/g, 'x'],
  [/у/g, 'y'],
];

/** The beginning of a database statement: a column behind the name of its table looks like a domain. */
const STATEMENT = /^\s*(alter|call|create|delete|drop|insert|merge|select|update|with)\b/i;

/** Shorter names in front of an ending are those of tables and objects: `b.email`. */
const NAME_CHARACTERS_MIN = 3;

/** The most domains that are compared with each other. */
const DOMAINS_MAX = 60;
/** How long a domain is at least for a difference of one letter to be a resemblance. */
const RESEMBLING_MIN = 7;

const SCRIPTS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u] as const;

/**
 * Returns remarks on the domains in some texts.
 *
 * `known` are texts with domains that an approver trusts or expects, such as the intent and the service's own address;
 * the texts are compared with those and with each other. If two domains look alike, only the one that is less likely
 * the real one is remarked on: a known one is real, then the one that appears more often, then the first.
 */
export function remarksOn(texts: readonly string[], known: readonly string[]): Remark[] {
  const expected = domainsIn(known);
  const all = domainsIn(texts);
  const nameOf = (domain: string) => registeredOf(domain.split('.')).join('.');
  const counts = new Map<string, number>();
  for (const domain of texts.flatMap((text) => allDomainsIn(text)))
    counts.set(nameOf(domain), (counts.get(nameOf(domain)) ?? 0) + 1);
  const names = [...new Set([...expected, ...all].map(nameOf))];
  const isExpected = new Set(expected.map(nameOf));
  const rank = (name: string) =>
    isExpected.has(name) ? Number.POSITIVE_INFINITY : (counts.get(name) ?? 0);
  return all.flatMap((domain) => {
    const name = nameOf(domain);
    const real = names.filter(
      (other) =>
        rank(other) > rank(name) ||
        (rank(other) === rank(name) && names.indexOf(other) < names.indexOf(name)),
    );
    const text = remarkOn(domain, isExpected.has(name) ? [] : real);
    return text === null ? [] : [{ address: domain, text }];
  });
}

function domainsIn(texts: readonly string[]): string[] {
  return [...new Set(texts.flatMap(allDomainsIn))].slice(0, DOMAINS_MAX);
}

function allDomainsIn(text: string): string[] {
  const isCode = STATEMENT.test(text);
  return Array.from(text.matchAll(DOMAIN)).flatMap(({ 0: domain, index }) => {
    const [name = ''] = registeredOf(domain.split('.'));
    const isAddress = /[@/]$/.test(text.slice(0, index));
    const isBare = !isAddress && (isCode || name.length < NAME_CHARACTERS_MIN);
    return isBare || NOT_DOMAINS.test(domain) ? [] : [domain.toLowerCase()];
  });
}

function remarkOn(domain: string, others: readonly string[]): string | null {
  const labels = domain.split('.');
  if (labels.some((label) => SCRIPTS.filter((script) => script.test(label)).length > 1)) {
    return 'mixes letters from several alphabets';
  }
  const registered = registeredOf(labels);
  const inner = labels.slice(0, labels.length - registered.length);
  const at = inner.findIndex((label, index) => index > 0 && ENDINGS.has(label));
  if (at > 0) {
    return `belongs to ${registered.join('.')}, not to ${inner.slice(at - 1, at + 1).join('.')}`;
  }
  const name = registered.join('.');
  const alike = others.find((other) => other !== name && resembles(name, other));
  if (alike !== undefined) return `looks like ${alike}, but is another domain`;
  const [own = ''] = registered;
  if (labels.some((label) => label.startsWith('xn--'))) {
    return 'has letters outside a–z, written as xn--';
  }
  if (/[^\x20-\x7e]/.test(domain)) return 'has letters outside a–z';
  // A number at the end counts servers: `web1`.
  if (/[a-z]{2}[01][a-z]|[a-z][01]{2}[a-z]{2}/.test(own)) return 'has a digit in place of a letter';
  return null;
}

/** Returns the labels that somebody has registered: the last two, or three in front of a country's own endings. */
function registeredOf(labels: readonly string[]): string[] {
  const [second = '', last = ''] = labels.slice(-2);
  const isNested = last.length === 2 && SECOND_LEVEL.has(second) && labels.length > 2;
  return labels.slice(isNested ? -3 : -2);
}

/** Returns whether two different domains look the same, or differ in a single letter. */
function resembles(one: string, other: string): boolean {
  const plain = (text: string) => ALIKE.reduce((now, [from, to]) => now.replace(from, to), text);
  if (plain(one) === plain(other)) return true;
  return Math.min(one.length, other.length) >= RESEMBLING_MIN && isOneEdit(one, other);
}

/** Returns whether one letter is added, left out, replaced or exchanged with the next one. */
function isOneEdit(one: string, other: string): boolean {
  const [short, long] = one.length <= other.length ? [one, other] : [other, one];
  if (long.length - short.length > 1) return false;
  let from = 0;
  while (from < short.length && short[from] === long[from]) from += 1;
  const rest = short.slice(from);
  const exchanged = (long[from + 1] ?? '') + (long[from] ?? '') + long.slice(from + 2);
  if (short.length < long.length) return rest === long.slice(from + 1);
  return rest.slice(1) === long.slice(from + 1) || rest === exchanged;
}

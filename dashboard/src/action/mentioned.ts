/** Whether an intent mentions a value in another spelling: a person by name, a number with spaces, an amount in cents. */
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { bodyValues } from './requestValues';

/** Domains of mailboxes for everyone: sharing one says nothing. */
const FREE_MAIL =
  /^(gmail|googlemail|outlook|hotmail|live|icloud|me|yahoo|gmx|web|proton|protonmail|mail|aol)\./;

/** A number with the marks that people put into it. */
const SPELLED = /\+?\d[\d\s().\-/]{4,}\d/g;

/** The fewest digits of a telephone number, and how many of them are the same with and without the country's code. */
const DIGITS_MIN = 7;
const DIGITS_COMPARED = 9;

/** Names of amounts that belong to another one. */
const SIDE =
  /tax|vat|regular|list_?price|original|compare_?at|msrp|retail|unit|subtotal|discount|net|shipping/i;

/** Names of amounts of money, which may be in the smallest unit. */
const MONEY =
  /amount|price|total|value|tip|gratuity|fee|cost|charge|payout|deposit|refund|subtotal|tax/i;

/** Returns whether an intent names the person of an address: `Ann Bell` for `ann.bell@example.com`. */
export function namesPerson(action: Action, address: string): boolean {
  const [local = '', domain] = address.split('@');
  const names = local.split(/[._-]/).filter((name) => name.length > 1);
  const [only, ...more] = names;
  if (domain === undefined || only === undefined) return false;
  const asked = action.intent
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .split(/[^\p{L}]+/u);
  // A single name is said with a capital letter: `info` is not the name of a person.
  const isSaid = (name: string) =>
    asked.includes(`${name.charAt(0).toUpperCase()}${name.slice(1).toLowerCase()}`);
  if (more.length === 0) return isSaid(only);
  const said = asked.map((word) => word.toLowerCase());
  if (names.every((name) => said.includes(plain(name)))) return true;
  return names.some(isSaid) && isOwnDomain(action, domain);
}

/** Returns whether the target, or another address of the request, has the domain too, so that it is not a foreign one. */
function isOwnDomain(action: Action, domain: string): boolean {
  if (FREE_MAIL.test(domain)) return false;
  const { origin, path } = splitTarget(action.target_url);
  if (`${origin}${path}`.includes(domain)) return true;
  const addresses = bodyValues(action).filter(({ value }) => value.endsWith(`@${domain}`));
  return new Set(addresses.map(({ value }) => value)).size > 1;
}

/** Returns whether an intent has a long number with other marks in it: `+44 7700 900318` for `447700900318`. */
export function saysNumber(intent: string, quote: string): boolean {
  if (!/^\+?[\d\s().\-/]+$/.test(quote)) return false;
  const digits = quote.replace(/\D/g, '');
  if (digits.length < DIGITS_MIN) return false;
  return (intent.match(SPELLED) ?? []).some((spelled) => {
    const given = spelled.replace(/\D/g, '');
    if (given.length < DIGITS_MIN) return false;
    const end = Math.min(DIGITS_COMPARED, given.length, digits.length);
    return given.slice(-end) === digits.slice(-end) && end >= DIGITS_MIN;
  });
}

/** Returns whether an amount belongs to another one that the intent gives: its tax, or the price before a discount. */
export function isSideAmount(action: Action, evidence: string): boolean {
  if (!SIDE.test(evidence.replace(/^.*\//, ''))) return false;
  return bodyValues(action).some(
    ({ pointer, value }) =>
      pointer !== evidence && MONEY.test(pointer) && isGiven(action.intent, value),
  );
}

/** Returns whether an amount is one of the intent in the smallest unit: `1200` for `$12`. */
export function isSmallestUnit(action: Action, evidence: string): boolean {
  const value = bodyValues(action).find(({ pointer }) => pointer === evidence)?.value ?? '';
  const hasNoCents = bodyValues(action).some(({ value }) =>
    /^(clp|isk|jpy|krw|vnd|xaf|xof|pyg|ugx)$/i.test(value),
  );
  return (
    !hasNoCents && MONEY.test(evidence) && /^\d+$/.test(value) && isGiven(action.intent, value)
  );
}

/** Returns whether an intent gives an amount, as it is or in the smallest unit. */
function isGiven(intent: string, value: string): boolean {
  if (!/^\d+(\.\d+)?$/.test(value)) return false;
  const numbers = (intent.match(/\d[\d.,']*/g) ?? []).map((one) =>
    Number(
      one
        .replace(/[.,']+$/, '')
        .replace(/[,'](?=\d{3}(\D|$))/g, '')
        .replace(',', '.'),
    ),
  );
  const amount = Number(value);
  const isWhole = !value.includes('.');
  return numbers.some((one) => one === amount || (isWhole && Math.round(one * 100) === amount));
}

/** Returns a text in lower case without accents. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Whether an intent mentions a value in another spelling: a person by name, a number with spaces. */
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

/** Returns a text in lower case without accents. */
function plain(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

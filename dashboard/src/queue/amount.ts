/** Sums of amounts, as a summary writes them: `€1,200.00`, `12.50 CHF`, or a plain number. */
import type { Action } from '#/client';

/** The amounts of several requests. */
export interface Sum {
  total: string;
  min: string;
  max: string;
}

/** A decimal number with the text around it. */
export interface Amount {
  before: string;
  after: string;
  /** The number without its decimal point. */
  digits: bigint;
  decimals: number;
}

/**
 * Returns the sum of the amounts of requests. Returns null unless each request has exactly one amount,
 * and all have the same currency and unit.
 */
export function sumOf(actions: readonly Action[]): Sum | null {
  const amounts = actions.map(amountOf);
  const [first] = amounts;
  if (!first) return null;
  const decimals = Math.max(...amounts.map((amount) => amount?.decimals ?? 0));
  const numbers: bigint[] = [];
  for (const amount of amounts) {
    if (amount?.before !== first.before || amount.after !== first.after) return null;
    numbers.push(amount.digits * 10n ** BigInt(decimals - amount.decimals));
  }
  const shown = (number: bigint) => written(number, decimals, first);
  const sorted = numbers.toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0));
  return {
    total: shown(numbers.reduce((sum, number) => sum + number, 0n)),
    min: shown(sorted[0] ?? 0n),
    max: shown(sorted.at(-1) ?? 0n),
  };
}

/** Returns the only amount of a request; null if there is not exactly one. */
export function amountOf(action: Action): Amount | null {
  const facts = action.summary?.facts.filter(({ kind }) => kind === 'amount') ?? [];
  const [fact] = facts;
  if (!fact || facts.length > 1 || fact.is_cut) return null;
  const match = /^(\D*?)(\d[\d,]*)(?:\.(\d+))?(\D*)$/.exec(fact.value);
  if (!match) return null;
  const [, before = '', whole = '', fraction = '', after = ''] = match;
  const digits = BigInt(whole.replaceAll(',', '') + fraction);
  return {
    before: before.replace('-', ''),
    after,
    digits: before.includes('-') ? -digits : digits,
    decimals: fraction.length,
  };
}

/** Returns the size of an amount without its sign, close enough to order and compare amounts. */
export function sizeOf({ digits, decimals }: Amount): number {
  return Math.abs(Number(digits)) / 10 ** decimals;
}

function written(number: bigint, decimals: number, { before, after }: Amount): string {
  const isNegative = number < 0n;
  const digits = String(isNegative ? -number : number).padStart(decimals + 1, '0');
  const whole = BigInt(digits.slice(0, digits.length - decimals)).toLocaleString('en');
  const fraction = decimals > 0 ? `.${digits.slice(-decimals)}` : '';
  return `${isNegative ? '-' : ''}${before}${whole}${fraction}${after}`;
}

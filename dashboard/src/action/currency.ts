/** Currencies and decimal numbers in formatted amounts. */

/** The currencies that the gateway shows by a symbol; any other is shown by its code. */
const SYMBOLS: Readonly<Record<string, string>> = {
  EUR: '€',
  GBP: '£',
  USD: '$',
  INR: '₹',
  JPY: '¥',
};

/** Returns the symbol of a currency, by its ISO 4217 code; undefined if it is shown by its code. */
export function currencySymbol(code: string): string | undefined {
  return SYMBOLS[code];
}

/** Returns a decimal number with separated thousands, and without decimals that are all zero. */
export function grouped(decimal: string): string {
  return decimal.replace(/\.0+$/, '').replace(/(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g, ',');
}

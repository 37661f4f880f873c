/** Short names of browsers. */

/** Browsers by their token in a `User-Agent`; those that imitate others come first. */
const BROWSERS: ReadonlyArray<readonly [token: RegExp, name: string]> = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\b(OPR|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/(Chrome|CriOS)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari'],
];

const SYSTEMS: ReadonlyArray<readonly [token: RegExp, name: string]> = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
];

/** Longer names of programs are cut: the text is the client's own. */
const PROGRAM_CHARACTERS_MAX = 40;

/** Returns the browser and its system, such as “Firefox on Linux”, or the name of another program. */
export function browserName(userAgent: string | null): string {
  if (userAgent === null || userAgent.trim() === '') return 'Unknown browser';
  const nameIn = (all: typeof BROWSERS) => all.find(([token]) => token.test(userAgent))?.[1];
  const browser = nameIn(BROWSERS);
  if (browser === undefined) {
    const [program = ''] = userAgent.trim().split(/[\s/]/);
    return program.slice(0, PROGRAM_CHARACTERS_MAX);
  }
  const system = nameIn(SYSTEMS);
  return system === undefined ? browser : `${browser} on ${system}`;
}

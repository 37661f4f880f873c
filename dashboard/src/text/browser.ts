/** Short names of browsers and other clients. */

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

/** Returns the browser or other program and its system, such as “Firefox on Linux”. */
export function browserName(userAgent: string | null): string {
  if (userAgent === null) return 'Unknown browser';
  const nameIn = (all: typeof BROWSERS) => all.find(([token]) => token.test(userAgent))?.[1];
  const name = nameIn(BROWSERS) ?? programName(userAgent);
  const system = nameIn(SYSTEMS);
  return system === undefined ? name : `${name} on ${system}`;
}

/** Returns the first name in a `User-Agent`, unless it is the one that all browsers begin with. */
function programName(userAgent: string): string {
  const [program = ''] = userAgent.trim().split(/[\s/]/);
  if (program === '' || program === 'Mozilla') return 'Unknown browser';
  return program.slice(0, PROGRAM_CHARACTERS_MAX);
}

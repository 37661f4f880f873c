/** Times and durations for people. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Formats of dates and times, made once: each takes longer than all that they format on a page. */
const TO_SECONDS = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const TO_MINUTES = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** Returns a duration in its two largest units. */
export function duration(milliseconds: number): string {
  if (milliseconds < SECOND) return `${Math.max(0, Math.round(milliseconds))} ms`;
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / SECOND)} s`;
  if (milliseconds < HOUR) return two(milliseconds, MINUTE, 'min', SECOND, 's');
  if (milliseconds < DAY) return two(milliseconds, HOUR, 'h', MINUTE, 'min');
  return two(milliseconds, DAY, 'd', HOUR, 'h');
}

function two(milliseconds: number, big: number, bigUnit: string, small: number, smallUnit: string) {
  const bigs = Math.floor(milliseconds / big);
  const smalls = Math.floor((milliseconds % big) / small);
  return smalls > 0 ? `${bigs} ${bigUnit} ${smalls} ${smallUnit}` : `${bigs} ${bigUnit}`;
}

/** Returns the time left until `until`: from an hour on, in its largest unit. */
export function timeLeft(until: string | null, now: number): string {
  if (until === null) return 'No expiry';
  const left = Date.parse(until) - now;
  if (left <= 0) return 'Expired';
  if (left >= DAY) return `Expires in ${Math.floor(left / DAY)} d`;
  if (left >= HOUR) return `Expires in ${Math.floor(left / HOUR)} h`;
  return `Expires in ${duration(left)}`;
}

/** Returns the time since `at`, in its largest unit. */
export function timeAgo(at: string, now: number): string {
  const ago = now - Date.parse(at);
  if (ago < 5 * SECOND) return 'just now';
  const unit = [DAY, HOUR, MINUTE].find((one) => ago >= one) ?? SECOND;
  return `${duration(Math.floor(ago / unit) * unit)} ago`;
}

/** Returns a date and time in the user's locale. */
export function dateTime(at: string): string {
  return TO_SECONDS.format(new Date(at));
}

/** Returns a date and time to the minute, in the user's locale. */
export function dateMinute(at: string): string {
  return TO_MINUTES.format(new Date(at));
}

/** Values that are secrets: they are named on the page and not shown. */
import type { Action } from '#/client';
import { bodyValues } from './requestValues';

/** Names of values that are secrets. */
const SECRET =
  /passw|passphrase|passcode|secret|credential|private_?key|api_?key|access_?key|(^|[._-])(auth|bearer|access|refresh|session|id)?_?token$|authorization|cookie|\bcv[cv]\b|\bpin\b|\botp\b/i;

/** Names of tokens that let somebody in, and those that say no more than that a value is a token. */
const ACCESS_TOKEN =
  /(^|\.)tokens?$|(^|[._-])(access|admin|api|app|auth|bearer|bot|client|csrf|device|id|push|refresh|registration|reset|secret|session|user|webhook|x)[_-]?tokens?$/i;

/** A choice in plain words: a service level. */
const CHOICE = /^[a-z]{2,20}([_-][a-z]{2,20})*$/;
const CHOICE_CHARACTERS_MAX = 40;

/** Values that unlock nothing. */
const PLAIN = /^(true|false|\d+|null|)$/;

/** Names of values that hold what another value names. */
const HOLDER = /\/(value|val|content|data|plaintext|secret)$/i;

/** Shown by the gateway in place of a secret, at the end of what it shows of one. */
const HIDDEN = /\(hidden: looks like a secret\)$/;

/** Shown in place of a secret in longer texts. */
export const MASK = '••••••';

/** Shorter texts appear by chance elsewhere in a request. */
const MASKED_CHARACTERS_MIN = 4;

/** A value and its place. */
interface Placed {
  location: string;
  value: string;
}

/** Returns whether a value with this name is a secret. */
export function isSecret(name: string, value: string): boolean {
  return SECRET.test(name) && !PLAIN.test(value) && !isChoice(name, value);
}

/** Returns whether a value with a name like `servicelevel_token` is one of a few choices. */
function isChoice(name: string, value: string): boolean {
  const isToken = /token$/i.test(name) && !ACCESS_TOKEN.test(name);
  return isToken && CHOICE.test(value) && value.length <= CHOICE_CHARACTERS_MAX;
}

/** Returns whether a value next to one calls it a secret: `{"name": "DB_PASSWORD", "value": "…"}`. */
export function isLabeledSecret(location: string, leaves: readonly Placed[]): boolean {
  const parent = location.replace(/\/[^/]*$/, '');
  const isLabel = (one: Placed) => /\/(name|key|field|id|label|type)$/i.test(one.location);
  return (
    HOLDER.test(location) &&
    leaves.some(
      (one) =>
        isLabel(one) && one.location.replace(/\/[^/]*$/, '') === parent && SECRET.test(one.value),
    )
  );
}

const cache = new WeakMap<Action, readonly string[]>();

/** Returns the secrets of a request, the longest first. */
export function secretsOf(action: Action): readonly string[] {
  const known = cache.get(action);
  if (known) return known;
  const leaves = bodyValues(action).map(({ pointer, value }) => ({
    location: `body${pointer}`,
    value,
  }));
  const hidden = new Set(
    (action.summary?.facts ?? [])
      .filter(({ value }) => HIDDEN.test(value))
      .map(({ location }) => location),
  );
  const found = leaves
    .filter(
      ({ location, value }) =>
        hidden.has(location) ||
        isSecret(location.split('/').at(-1) ?? '', value) ||
        isLabeledSecret(location, leaves),
    )
    .map(({ value }) => value)
    .filter((value) => value.length >= MASKED_CHARACTERS_MIN && !PLAIN.test(value));
  const secrets = [...new Set(found)].toSorted((one, other) => other.length - one.length);
  cache.set(action, secrets);
  return secrets;
}

/** Returns a text without secrets in it, however JSON or a form spells them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of secrets) {
    const inJson = JSON.stringify(secret).slice(1, -1);
    const inForm = encodeURIComponent(secret);
    for (const spelled of new Set([secret, inJson, inForm, inForm.replaceAll('%20', '+')])) {
      shown = shown.replaceAll(spelled, MASK);
    }
  }
  return shown;
}

/** Dangers of a request that a reader of its intent would not expect, found in its values. */
import type { Action, RequestFact, Signal } from '#/client';
import { effectOf, effectWord } from './effect';
import { listsOf } from './items';
import { bodyValues } from './requestValues';

/** The codes of the dangers that the gateway names itself. */
const DANGER = /^danger/;

/** Nobody reads more values than this, and a long list has more of the same. */
const VALUES_MAX = 500;

/** A label of a secret in a text for people, with something that may be one after it. */
const SPOKEN_SECRET =
  /(?<label>pass ?word|pass ?phrase|pass ?code|passwort|kennwort|mot de passe|contraseña|pwd|api[ -]?key|secret key|access token|recovery code|pin code)\s*(?:is|ist|:|=|->|→)\s*["'“„`]?(?!your\b|the\b|in\b|on\b|sent\b|here\b|not\b|no\b|valid\b|required\b|needed\b)\S{4,}/iu;

/** Shorter texts are values of fields and not texts for people. */
const TEXT_CHARACTERS_MIN = 24;

/** Words in the names of switches that make a request do more. */
const WIDENING =
  /^(all|bypass|cascade|everything|force|forced|hard|overwrite|permanent|permanently|purge|recurse|recursive|recursively|skip|unsafe|wipe)$/;

/** Names of values that say when something is done. */
const WHEN =
  /schedul|send_?(at|on|time)|publish_?(at|on)|deliver_?(at|on)|run_?at|execut\w*_?(at|on|date)|not_?before/i;

/** Times this far in the past are mistakes; clocks and time zones differ by less. */
const PAST_MS = 24 * 3_600_000;

/** Words of an intent that asks for something to end. */
const ASKS_TO_END =
  /\b(archiv|ban|block|cancel|clean|clear|clos|deactivat|delet|demot|detach|disabl|disconnect|discard|dismiss|drop|eject|empt|end|eras|evict|expel|expir|kick|leav|off|prun|purg|reject|remov|renew|replac|reset|retir|revok|rotat|shut|stop|suspend|terminat|trash|truncat|unassign|uninstall|unlink|unpublish|unsubscrib|untag|void|wip|withdraw)/i;

/** Words of English, in which the words above are. */
const ENGLISH = /\b(a|and|for|from|in|of|on|our|that|the|their|to|with)\b/i;

/** Names of values that say which rights somebody gets. */
const RIGHTS = /access|level|permission|privilege|right|role/i;

/** A code with its meaning, as the gateway writes it. */
const CODED = /^(\S+) \(([^()]+)\)$/;

/** A share in percent: of an intent, and of a value as the gateway writes it. */
const PERCENT_ASKED = /(\d+(?:[.,]\d+)?)\s?(?:%|per ?cent)/gi;
const PERCENT_GIVEN = /(?<![\d.])(\d+(?:\.\d+)?)%/;

/** Names of those who get a copy. */
const COPY = /(^|\/)b?cc(_?(recipients?|emails?|addresses))?(\/|$)/i;
const EMAIL = /^[^\s@]+@([^\s@]+\.[^\s@]+)$/;

/** Names of values for bank accounts. */
const BANK = /bank_?account|account_?number|\biban\b|routing_?(no|number)|sort_?code/i;

/** A signal that this page finds itself. */
function found(code: string, evidence: string, sentence: string): Signal {
  return { code, evidence, sentence, weight: 1 };
}

const cache = new WeakMap<Action, Signal | null>();

/** Returns the gravest danger that the values of a request show; null if they show none. */
export function dangerOf(action: Action): Signal | null {
  const known = cache.get(action);
  if (known !== undefined) return known;
  const first =
    spokenSecret(action) ??
    action.signals.find(({ code }) => DANGER.test(code)) ??
    percentDiffers(action) ??
    givesRight(action) ??
    isPast(action) ??
    copiesOutside(action) ??
    changesBank(action) ??
    endsUnasked(action) ??
    widens(action) ??
    null;
  cache.set(action, first);
  return first;
}

/** A secret in a text that somebody reads. Its label is quoted, and not the secret. */
function spokenSecret(action: Action): Signal | undefined {
  if (effectOf(action) === 'reads') return undefined;
  for (const { pointer, value } of bodyValues(action).slice(0, VALUES_MAX)) {
    if (value.length < TEXT_CHARACTERS_MIN || !value.includes(' ')) continue;
    const label = SPOKEN_SECRET.exec(value)?.groups?.label;
    if (label)
      return found('text_holds_secret', pointer, `The text contains a secret (“${label}”).`);
  }
  return undefined;
}

function percentDiffers({ intent, summary }: Action): Signal | undefined {
  const asked = Array.from(intent.matchAll(PERCENT_ASKED), ([, number = '']) =>
    Number(number.replace(',', '.')),
  );
  if (asked.length === 0) return undefined;
  for (const fact of factsOf(summary)) {
    const given = PERCENT_GIVEN.exec(fact.value)?.[1];
    if (given !== undefined && !asked.includes(Number(given)))
      return found(
        'percent_differs',
        pointerOf(fact),
        `“${last(fact.name)}” is ${fact.value}, but the intent says ${asked.join(' or ')}%.`,
      );
  }
  return undefined;
}

/** A right that is written as a code, so that no word of it is in the request. */
function givesRight({ intent, summary }: Action): Signal | undefined {
  for (const fact of factsOf(summary)) {
    const label = CODED.exec(fact.value)?.[2];
    if (!label || !RIGHTS.test(last(fact.name)) || mentions(intent, label)) continue;
    return found(
      'right_not_in_intent',
      pointerOf(fact),
      `“${last(fact.name)}” is ${fact.value}, which the intent does not mention.`,
    );
  }
  return undefined;
}

function isPast(action: Action): Signal | undefined {
  const asked = Date.parse(action.created_at);
  for (const { pointer, value } of bodyValues(action).slice(0, VALUES_MAX)) {
    if (!WHEN.test(last(pointer)) || !/^\d{4}-\d\d-\d\d/.test(value)) continue;
    const at = Date.parse(value);
    if (at < asked - PAST_MS)
      return found('is_past', pointer, `“${last(pointer)}” is ${value}, which has passed.`);
  }
  return undefined;
}

/** A copy to an address of another domain than those of all other addresses. */
function copiesOutside(action: Action): Signal | undefined {
  const addresses = bodyValues(action)
    .slice(0, VALUES_MAX)
    .flatMap(({ pointer, value }) => {
      const domain = EMAIL.exec(value)?.[1]?.toLowerCase();
      return domain ? [{ pointer, value, domain, isCopy: COPY.test(pointer) }] : [];
    });
  const copy = addresses.find(
    ({ value, domain, isCopy }) =>
      isCopy &&
      !mentions(action.intent, value) &&
      !addresses.some((other) => !other.isCopy && other.domain === domain),
  );
  return (
    copy &&
    found(
      'copy_not_in_intent',
      copy.pointer,
      `A copy goes to “${copy.value}”, which the intent does not mention.`,
    )
  );
}

/** A bank account that is stored rather than paid. */
function changesBank(action: Action): Signal | undefined {
  const effect = effectOf(action);
  if (effect === 'pays' || effect === 'reads' || effect === 'deletes') return undefined;
  const compact = action.intent.replace(/\s/g, '').toLowerCase();
  const account = bodyValues(action)
    .slice(0, VALUES_MAX)
    .find(
      ({ pointer, value }) =>
        (isIban(value) || (BANK.test(pointer) && /\d{5}/.test(value))) &&
        !compact.includes(value.replace(/\s/g, '').toLowerCase()),
    );
  return (
    account &&
    found(
      'bank_account_not_in_intent',
      account.pointer,
      `It sets the bank account “${account.value}”, which the intent does not mention.`,
    )
  );
}

function endsUnasked(action: Action): Signal | undefined {
  const { intent, summary } = action;
  if (summary?.effect !== 'deletes' || !ENGLISH.test(intent) || ASKS_TO_END.test(intent))
    return undefined;
  const word = effectWord(action).toLowerCase();
  for (const list of listsOf(action)) {
    const removed = list.items.filter(({ line }) =>
      /^(delete|remove)\b/i.test(line[0]?.text ?? ''),
    );
    const [first] = removed;
    if (first && removed.length < list.count)
      return found(
        'ends_unasked',
        first.location.slice('body'.length),
        `${removed.length} of the ${list.count} items ${removed.length === 1 ? 'is' : 'are'} deleted, which the intent does not ask for.`,
      );
  }
  return found('ends_unasked', 'path', `It ${word} something, which the intent does not ask for.`);
}

function widens({ intent, summary, method }: Action): Signal | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  for (const fact of factsOf(summary)) {
    if (!/^(true|1|yes|on)$/i.test(fact.value)) continue;
    const name = last(fact.name);
    const words = wordsOf(name);
    if (!words.some((word) => WIDENING.test(word))) continue;
    if (words.some((word) => word.length > 2 && mentions(intent, word.slice(0, 5)))) continue;
    return found(
      'widens',
      pointerOf(fact),
      `“${name}” is ${fact.value}, which the intent does not mention.`,
    );
  }
  return undefined;
}

function factsOf(summary: Action['summary']): readonly RequestFact[] {
  return summary?.facts ?? [];
}

/** Returns the place of a fact as a signal has it: a JSON pointer, or the part of the request. */
function pointerOf({ location }: RequestFact): string {
  return location.startsWith('body') ? location.slice('body'.length) : location;
}

function last(name: string): string {
  return name.split(/[./]/).at(-1) ?? name;
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/);
}

function mentions(intent: string, text: string): boolean {
  return intent.toLowerCase().includes(text.toLowerCase());
}

/** Returns whether a text is an IBAN with the right check digits (ISO 13616). */
export function isIban(text: string): boolean {
  const compact = text.replace(/ /g, '');
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false;
  const turned = compact.slice(4) + compact.slice(0, 4);
  const digits = turned.replace(/[A-Z]/g, (letter) => `${letter.charCodeAt(0) - 55}`);
  return Array.from(digits).reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0) === 1;
}

/** The effect of a held request, in a word. */
import {
  Banknote,
  Eye,
  FilePlus,
  KeyRound,
  type LucideIcon,
  Pencil,
  Send,
  SquareTerminal,
  Trash2,
} from 'lucide-react';
import type { Action, OperationEffect } from '#/client';

/** The label of an effect. */
export interface EffectLabel {
  word: string;
  icon: LucideIcon;
  /** Whether nobody can take it back; only these effects are red. */
  isIrreversible: boolean;
}

/** The labels, the most severe effect first. */
export const EFFECTS: Readonly<Record<OperationEffect, EffectLabel>> = {
  deletes: { word: 'Deletes', icon: Trash2, isIrreversible: true },
  pays: { word: 'Pays', icon: Banknote, isIrreversible: true },
  changes_access: { word: 'Changes access', icon: KeyRound, isIrreversible: true },
  runs_code: { word: 'Runs code', icon: SquareTerminal, isIrreversible: false },
  shares_outside: { word: 'Sends out', icon: Send, isIrreversible: false },
  changes: { word: 'Changes', icon: Pencil, isIrreversible: false },
  creates: { word: 'Creates', icon: FilePlus, isIrreversible: false },
  reads: { word: 'Reads', icon: Eye, isIrreversible: false },
};

/** All effects, the most severe first. */
export const ALL_EFFECTS = Object.keys(EFFECTS) as OperationEffect[];

/** The effects of methods, for a request without a summary or a signal. */
const OF_METHOD: Readonly<Record<string, OperationEffect>> = {
  DELETE: 'deletes',
  GET: 'reads',
  HEAD: 'reads',
};

/** Returns the most severe effect: the summary's, else one of the signals, else the method's. */
export function effectOf(action: Pick<Action, 'summary' | 'signals' | 'method'>): OperationEffect {
  const codes = new Set(action.signals.map(({ code }) => code));
  const summarized = action.summary?.effect ?? '';
  if (isEffect(summarized)) return summarized;
  return ALL_EFFECTS.find((effect) => codes.has(effect)) ?? OF_METHOD[action.method] ?? 'changes';
}

/** Verbs of headlines for what is ended and stays, by the word for it. Deleting would be something else. */
const ENDS: Readonly<Record<string, string>> = {
  Archive: 'Archives',
  Cancel: 'Cancels',
  Close: 'Closes',
  Deactivate: 'Deactivates',
  Disable: 'Disables',
  Reset: 'Resets',
  Revoke: 'Revokes',
  Terminate: 'Terminates',
  Unsubscribe: 'Unsubscribes',
  Void: 'Voids',
};

/** Verbs of headlines for money that comes in, or that something is bought with, by the word for it. */
const PAYS: Readonly<Record<string, string>> = {
  Book: 'Books',
  Buy: 'Buys',
  Capture: 'Collects',
  Charge: 'Collects',
  Debit: 'Collects',
  Order: 'Orders',
  Refund: 'Refunds',
  Reserve: 'Books',
};

/** Returns the word for what a request does: that of its effect, or of its verb if it ends something. */
export function effectWord(
  action: Pick<Action, 'summary' | 'signals' | 'method'> & Partial<Pick<Action, 'target_url'>>,
): string {
  const effect = effectOf(action);
  const [first] = action.summary?.headline ?? [];
  const verb = first && !first.is_value ? first.text.trim().replace(/^Bulk /, '') : '';
  const [own = ''] = verb.split(' ');
  const name = own.charAt(0).toUpperCase() + own.slice(1);
  // Neither a protection that is switched off nor a record of names runs.
  const isOff = action.signals.some(({ code }) => code === 'danger_protection');
  if (effect === 'runs_code' && (isOff || isRecord(action))) return EFFECTS.changes.word;
  if (effect === 'changes_access' && GIVES.test(name)) return 'Gives access';
  const more = effect === 'deletes' ? ENDS[name] : effect === 'pays' ? PAYS[name] : undefined;
  return more ?? EFFECTS[effect].word;
}

/** Verbs that give access rather than change it. */
const GIVES = /^(Add|Allow|Assign|Bind|Create|Grant|Invite|Open|Share)$/;

/** Names of collections of DNS records. */
const RECORDS = /\/(dns|dns_?records|records|record_?sets|rrsets?|hosted_?zones?)(\/|$|\?)/i;

/** Returns whether a request is about DNS records. */
function isRecord({ target_url }: Partial<Pick<Action, 'target_url'>>): boolean {
  return RECORDS.test(target_url ?? '');
}

/** Returns whether a word is the code of an effect. */
export function isEffect(word: string): word is OperationEffect {
  return Object.hasOwn(EFFECTS, word);
}

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
  const summarized = action.summary?.effect ?? '';
  if (isEffect(summarized)) return summarized;
  const codes = new Set(action.signals.map(({ code }) => code));
  return ALL_EFFECTS.find((effect) => codes.has(effect)) ?? OF_METHOD[action.method] ?? 'changes';
}

/** Returns whether a word is the code of an effect. */
export function isEffect(word: string): word is OperationEffect {
  return Object.hasOwn(EFFECTS, word);
}

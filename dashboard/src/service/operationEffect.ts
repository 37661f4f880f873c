/** Labels for the effects of operations. */
import type { OperationEffect } from '#/client';

/** The effects, mildest first, with their labels and tones. */
export const OPERATION_EFFECTS: Record<
  OperationEffect,
  { name: string; tone: 'soft' | 'good' | 'warn' | 'bad' }
> = {
  reads: { name: 'Reads', tone: 'good' },
  creates: { name: 'Creates', tone: 'soft' },
  changes: { name: 'Changes', tone: 'soft' },
  shares_outside: { name: 'Shares outside', tone: 'warn' },
  runs_code: { name: 'Runs code', tone: 'bad' },
  changes_access: { name: 'Changes access', tone: 'bad' },
  pays: { name: 'Pays', tone: 'bad' },
  deletes: { name: 'Deletes', tone: 'bad' },
};

/** Returns the effect with this name; undefined if there is none. */
export function operationEffect(word: string): OperationEffect | undefined {
  return word in OPERATION_EFFECTS ? (word as OperationEffect) : undefined;
}

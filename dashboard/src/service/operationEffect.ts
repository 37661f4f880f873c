/** What operations do, in words. */
import type { OperationEffect } from '#/client';

/** The effects, the mildest first, with their names and tones. */
export const OPERATION_EFFECTS: Record<
  OperationEffect,
  { name: string; tone: 'soft' | 'good' | 'warn' | 'bad' }
> = {
  reads: { name: 'read', tone: 'good' },
  creates: { name: 'create', tone: 'soft' },
  changes: { name: 'change', tone: 'soft' },
  shares_outside: { name: 'share outside', tone: 'warn' },
  runs_code: { name: 'code and infrastructure', tone: 'bad' },
  changes_access: { name: 'access and credentials', tone: 'bad' },
  pays: { name: 'pay', tone: 'bad' },
  deletes: { name: 'delete', tone: 'bad' },
};

/** The effect that a word stands for, if it is one. */
export function operationEffect(word: string): OperationEffect | undefined {
  return word in OPERATION_EFFECTS ? (word as OperationEffect) : undefined;
}

/** Simulated changes in words: how many requests, with which effects, for how much money. */

import { ALL_EFFECTS, EFFECTS } from '#/action/effect';
import type { OperationEffect, SimulatedAmount, SimulatedChanges } from '#/client';

/** The effects that are not worth a word. */
const MILD: ReadonlySet<OperationEffect> = new Set(['changes', 'creates', 'reads']);

type Changed = Pick<SimulatedChanges, 'count' | 'examples' | 'amounts'>;

/**
 * Returns the severe effects of several changes and the sums of their money, such as “deletes: 1, pays: 2,
 * €310,400.00”. The effects are known of the examples only.
 */
export function stakesOf(changes: readonly Changed[]): string {
  const examples = changes.flatMap((each) => each.examples);
  const counts = ALL_EFFECTS.filter((effect) => !MILD.has(effect))
    .map(
      (effect) => [effect, examples.filter((example) => example.effect === effect).length] as const,
    )
    .filter(([, count]) => count > 0);
  const all = changes.reduce((sum, { count }) => sum + count, 0);
  const effects = counts.map(
    ([effect, count]) => `${EFFECTS[effect].word.toLowerCase()}: ${count}`,
  );
  const isPart = all > examples.length && effects.length > 0;
  const kinds = isPart ? [`of the latest ${examples.length}: ${effects.join(', ')}`] : effects;
  return [...kinds, ...sumsOf(changes.flatMap((each) => each.amounts))].join(', ');
}

/** Returns one amount for each currency. */
export function sumsOf(amounts: readonly SimulatedAmount[]): string[] {
  const sums = new Map<string, SimulatedAmount[]>();
  for (const amount of amounts) {
    sums.set(amount.currency, [...(sums.get(amount.currency) ?? []), amount]);
  }
  return [...sums].map(([currency, each]) =>
    each.map((one) => money(one.value, currency)).join(' + '),
  );
}

/** Returns an amount as people write it, without losing a digit. */
function money(amount: string, currency: string): string {
  try {
    const format = new Intl.NumberFormat('en', { style: 'currency', currency });
    return format.format(amount as `${number}`);
  } catch {
    return `${currency} ${amount}`;
  }
}

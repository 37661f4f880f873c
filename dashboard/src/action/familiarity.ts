/** How a held request compares with earlier ones, in words. */
import type { ActionContext } from '#/client';
import { counted } from '#/text/count';

/** A comparison; an unusual one deserves attention. */
export interface Comparison {
  text: string;
  isUnusual: boolean;
}

/** Returns what is known, the unusual first. A comparison that is not possible is left out. */
export function comparisonsOf(context: ActionContext): Comparison[] {
  const found: Comparison[] = [];
  const add = (text: string, isUnusual: boolean) => found.push({ text, isUnusual });
  if (context.first_by_agent) add('This agent’s first request to this operation', true);
  if (context.first_to_target !== null) {
    if (context.first_to_target) add('No request to this recipient was approved before', true);
    else add('Requests to this recipient were approved before', false);
  }
  const { amount, approved, denied } = context;
  if (amount) {
    const unit = amount.unit_is_documented ? amount.currency : `${amount.currency}, unit unknown`;
    if (amount.lowest === null || amount.highest === null) {
      add('No amount was approved here in the last 30 days', true);
    } else {
      const value = Number(amount.value);
      const isOutside = value < Number(amount.lowest) || value > Number(amount.highest);
      const range = `${amount.lowest}–${amount.highest} (${unit})`;
      const count = `${counted(amount.count, 'amount')} approved in the last 30 days`;
      add(`${isOutside ? 'Outside the usual' : 'Within the usual'} ${range}: ${count}`, isOutside);
    }
  }
  if (approved !== null && denied !== null && approved + denied > 0) {
    const isMostlyDenied = denied > approved;
    const rulings = `${approved} approved, ${denied} denied`;
    add(`Similar requests in the last 30 days: ${rulings}`, isMostlyDenied);
  }
  return found.sort((one, other) => Number(other.isUnusual) - Number(one.isUnusual));
}

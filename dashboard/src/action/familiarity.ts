/** How a held request compares with earlier ones, in words. */
import type { Action, ActionContext, AmountRange, EarlierAttempt } from '#/client';
import { currencySymbol, grouped } from './currency';
import { namesRecipient } from './recipient';

/** A comparison; an unusual one deserves attention. */
export interface Comparison {
  text: string;
  isUnusual: boolean;
}

/** Returns what is known, the unusual first. A comparison that is not possible is left out. */
export function comparisonsOf({
  context,
  summary,
}: Pick<Action, 'context' | 'summary'>): Comparison[] {
  if (!context) return [];
  const found: Comparison[] = [];
  const add = (text: string, isUnusual: boolean) => found.push({ text, isUnusual });
  if (context.earlier) found.push(ofEarlier(context.earlier));
  if (context.amount) found.push(ofAmount(context.amount));
  if (context.first_to_target !== null) {
    const isRecipient = summary?.facts.some(namesRecipient);
    // That an object was never touched before is normal: most are created, changed, or deleted once.
    if (isRecipient)
      add(context.first_to_target ? 'New recipient' : 'Known recipient', context.first_to_target);
    else if (!context.first_to_target) add('Approved for this target before', false);
  }
  // Later requests of the same kind may have been decided before it.
  const rulings = (context.approved ?? 0) + (context.denied ?? 0);
  if (context.first_by_agent && rulings === 0) add('First time for this agent', true);
  found.push(...ofRulings(context));
  if (context.repeats) add(`Requested ${context.repeats.count + 1} times`, false);
  return found.sort((one, other) => Number(other.isUnusual) - Number(one.isUnusual));
}

/** The end of an earlier attempt, as a card says it. */
const ENDED: Partial<Record<EarlierAttempt['status'], string>> = {
  DENIED: 'Denied before',
  REVOKED: 'Revoked before',
  EXPIRED: 'Expired without a decision before',
  EXECUTED: 'Sent before',
  INDETERMINATE: 'Sent before, with an unknown outcome',
};

function ofEarlier({ same_request, status, response_status }: EarlierAttempt): Comparison {
  if (!same_request)
    return { text: `The last attempt got ${response_status ?? 'an error'}`, isUnusual: true };
  const text = ENDED[status] ?? 'Approved before, not sent yet';
  return { text, isUnusual: status !== 'EXPIRED' };
}

function ofAmount({
  currency,
  unit_is_documented,
  value,
  lowest,
  highest,
}: AmountRange): Comparison {
  if (lowest === null || highest === null)
    return { text: 'No earlier amounts in 30 days', isUnusual: true };
  const [low, high] = [grouped(lowest), grouped(highest)];
  const range = low === high ? low : `${low}–${high}`;
  const amount = unit_is_documented
    ? `${currencySymbol(currency) ?? `${currency} `}${range}`
    : `${range} (${currency}, unit unknown)`;
  const isUnusual = Number(value) < Number(lowest) || Number(value) > Number(highest);
  return { text: `Usually ${amount}`, isUnusual };
}

function ofRulings({ approved, denied }: ActionContext): Comparison[] {
  if (approved === null || denied === null || approved + denied === 0) return [];
  const counts = [approved > 0 && `${approved} approved`, denied > 0 && `${denied} denied`];
  const text = `Similar requests in the last 30 days: ${counts.filter(Boolean).join(', ')}`;
  return [{ text, isUnusual: denied > approved }];
}

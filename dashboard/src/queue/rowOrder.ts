/** The orders of the rows of a table. */
import { isDangerous } from '#/action/reason';
import { stakeOf } from '#/action/stake';
import type { Action } from '#/client';
import { amountOf, sizeOf } from './amount';
import type { Row } from './table';

/** The orders by the names that a user reads. */
export const ROW_ORDERS = {
  queue: 'As in the queue',
  risk: 'Highest risk first',
  amount: 'Largest amount first',
  recipient: 'By recipient',
  expiry: 'Expires first',
} as const;

/** An order. */
export type RowOrder = keyof typeof ROW_ORDERS;

/** Returns the rows in an order. Those that differ from the others always come first. */
export function ordered(
  rows: readonly Row[],
  apart: ReadonlyMap<string, readonly string[]>,
  order: RowOrder,
): Row[] {
  const isApart = ({ action }: Row) => Number(apart.has(action.action_id));
  return rows.toSorted(
    (one, other) => isApart(other) - isApart(one) || compare(one.action, other.action, order),
  );
}

function compare(one: Action, other: Action, order: RowOrder): number {
  if (order === 'risk') return other.risk_score - one.risk_score;
  if (order === 'amount') return amountValueOf(other) - amountValueOf(one);
  if (order === 'recipient') return recipientOf(one).localeCompare(recipientOf(other), 'en');
  if (order === 'expiry') return expiryOf(one) - expiryOf(other);
  return 0;
}

/**
 * Returns the rows, those first that a user should know of before approving all: the ones that differ, then the
 * riskiest and the largest.
 */
export function gravestFirst(
  rows: readonly Row[],
  apart: ReadonlyMap<string, readonly string[]>,
): Row[] {
  const gravity = ({ action }: Row) =>
    Number(isDangerous(action)) + Number(stakeOf(action) !== null);
  return ordered(
    rows.toSorted(
      (one, other) =>
        gravity(other) - gravity(one) ||
        amountValueOf(other.action) - amountValueOf(one.action) ||
        other.action.risk_score - one.action.risk_score,
    ),
    apart,
    'queue',
  );
}

function amountValueOf(action: Action): number {
  const amount = amountOf(action);
  return amount ? sizeOf(amount) : -1;
}

function recipientOf({ summary, target_url: target }: Action): string {
  const facts = summary?.facts ?? [];
  const to = (wanted: string) => facts.find(({ kind }) => kind === wanted)?.value;
  return to('recipient') ?? to('account') ?? target;
}

function expiryOf({ expires_at: at }: Action): number {
  return at === null ? Number.POSITIVE_INFINITY : Date.parse(at);
}

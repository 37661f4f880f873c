/** Matters for a human, in addition to requests that are pending or whose outcome is unknown. */
import { useQuery } from '@tanstack/react-query';
import type { Action } from '#/client';
import {
  listAgentsOptions,
  listApprovalsOptions,
  listServicesOptions,
} from '#/client/@tanstack/react-query.gen';
import { useMinute } from '#/ui/now';

/** A definition whose stored data is damaged. */
export interface Damaged {
  noun: 'agent' | 'service';
  id: number;
  name: string;
}

/** Everything that requires a human. */
export interface Attention {
  /** Approved requests that their agents have not executed, shortly before the approvals expire. */
  lapsing: Action[];
  damaged: Damaged[];
  count: number;
}

/** The share of an approval's time that is left when it is about to lapse. */
const LAPSING_SHARE = 0.25;

/** How many approved requests are checked, the newest first. */
const APPROVED_MAX = 200;

/** Returns whether an approval is about to expire. */
export function isLapsing(action: Action, now: number): boolean {
  const { status, approval, expires_at } = action;
  if (status !== 'APPROVED' || !approval || expires_at === null) return false;
  const until = Date.parse(expires_at);
  const left = until - now;
  return left > 0 && left < (until - Date.parse(approval.at)) * LAPSING_SHARE;
}

/** Returns what requires a human. */
export function useAttention(): Attention {
  const now = useMinute();
  const approved = useQuery(
    listApprovalsOptions({ query: { status: 'APPROVED', limit: APPROVED_MAX } }),
  );
  const agents = useQuery(listAgentsOptions());
  const services = useQuery(listServicesOptions());
  const lapsing = (approved.data?.items ?? []).filter((action) => isLapsing(action, now));
  const damaged = [
    ...damagedOf('service', services.data ?? []),
    ...damagedOf('agent', agents.data ?? []),
  ];
  return { lapsing, damaged, count: lapsing.length + damaged.length };
}

function damagedOf(
  noun: Damaged['noun'],
  all: ReadonlyArray<{ id: number; name: string; unreadable: boolean }>,
): Damaged[] {
  return all.filter(({ unreadable }) => unreadable).map(({ id, name }) => ({ noun, id, name }));
}

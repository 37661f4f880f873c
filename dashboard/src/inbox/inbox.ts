/** Everything that needs a human: the inbox of the gateway, and definitions whose data is damaged. */
import { useQuery } from '@tanstack/react-query';
import type { Inbox } from '#/client';
import {
  getInboxOptions,
  listAgentsOptions,
  listPendingApprovalsOptions,
  listServicesOptions,
} from '#/client/@tanstack/react-query.gen';
import { useRules } from '#/rule/useRules';

/** A definition whose stored data is damaged. */
export interface Damaged {
  noun: 'agent' | 'rule' | 'service';
  id: number;
  name: string;
}

/** The inbox without the pending requests, which the queue lists. */
export interface Attention extends Omit<Inbox, 'pending'> {
  damaged: Damaged[];
  /** The number of these matters. */
  count: number;
}

/**
 * How often the inbox is fetched in addition to after each event, in milliseconds: approvals come close
 * to their expiry without an event, and the response to a request arrives after its event.
 */
const REFETCH_MS = 30_000;

const EMPTY: Inbox = {
  pending: 0,
  outcome_unknown: 0,
  expiring_approvals: 0,
  next_approval_expires_at: null,
  refused_credentials: [],
  failed_renewals: [],
  unreadable_documents: [],
  llm_failing_since: null,
};

/** Returns what needs a human in addition to pending requests. */
export function useAttention(): Attention {
  const { data: inbox = EMPTY } = useQuery({
    ...getInboxOptions(),
    refetchInterval: REFETCH_MS,
    // The title of a hidden tab shows the count, too.
    refetchIntervalInBackground: true,
  });
  const agents = useQuery(listAgentsOptions());
  const services = useQuery(listServicesOptions());
  const rules = useRules();
  const damaged = [
    ...damagedOf('service', services.data ?? []),
    ...damagedOf('agent', agents.data ?? []),
    ...damagedOf('rule', rules),
  ];
  const listed = [
    inbox.refused_credentials,
    inbox.failed_renewals,
    inbox.unreadable_documents,
    damaged,
  ];
  const count = listed.reduce(
    (sum, { length }) => sum + length,
    inbox.outcome_unknown + inbox.expiring_approvals + (inbox.llm_failing_since === null ? 0 : 1),
  );
  return { ...inbox, damaged, count };
}

/** Returns the number of everything that needs a human. */
export function useInboxCount(): number {
  // The list changes with each event, so that the count and the queue agree.
  const pending = useQuery(listPendingApprovalsOptions());
  return (pending.data?.approvals.length ?? 0) + useAttention().count;
}

function damagedOf(
  noun: Damaged['noun'],
  all: ReadonlyArray<{ id: number; name: string; unreadable: boolean }>,
): Damaged[] {
  return all.filter(({ unreadable }) => unreadable).map(({ id, name }) => ({ noun, id, name }));
}

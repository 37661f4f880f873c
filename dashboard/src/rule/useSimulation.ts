/** The simulation of a rule while it is edited. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type ProposedRule, simulateRules } from '#/client';

/** The pause in typing before the rule is simulated: each simulation reads the recorded requests. */
const PAUSE_MS = 700;

/** Returns what a rule would have done in the last days, next to the other rules; not yet: undefined. */
export function useSimulation(rule: ProposedRule, days: number) {
  // The name does not affect the result, and may still be missing.
  const { name: _, ...rest } = rule;
  const key = JSON.stringify(rest);
  const [asked, setAsked] = useState(key);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(key), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [key]);
  const { data, isPlaceholderData, error } = useQuery({
    queryKey: ['simulation', asked, days],
    queryFn: async ({ signal }) => {
      const rules = [{ ...(JSON.parse(asked) as ProposedRule), name: 'Draft' }];
      const body = { rules, days, keep_others: true };
      return (await simulateRules({ body, signal, throwOnError: true })).data;
    },
    // A condition that is being written is often wrong; its field says so.
    retry: false,
    placeholderData: keepPreviousData,
  });
  const isCurrent = asked === key && !isPlaceholderData && error === null;
  return { result: error === null ? data : undefined, isCurrent };
}

/** What the gateway says to a condition while it is written. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { type ConditionError, validateCondition } from '#/client';

/** How long the hand has to rest before the gateway is asked. */
const REST_MS = 250;

const NO_ERRORS: readonly ConditionError[] = [];

/** The faults of a condition; of an empty one there are none. */
export function useValidation(condition: string, serviceId: number | null) {
  const [asked, setAsked] = useState(condition);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(condition), REST_MS);
    return () => clearTimeout(timer);
  }, [condition]);
  const isEmpty = asked.trim() === '';
  const validation = useQuery({
    queryKey: ['condition', asked, serviceId],
    queryFn: async () => {
      const body = { condition: asked, service_id: serviceId };
      return (await validateCondition({ body, throwOnError: true })).data;
    },
    enabled: !isEmpty,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isCurrent = asked === condition && !validation.isPlaceholderData;
  return {
    errors: isEmpty || !isCurrent ? NO_ERRORS : (validation.data?.errors ?? NO_ERRORS),
    isValid: isCurrent && !isEmpty && validation.data?.valid === true,
    failure: isEmpty ? null : validation.error,
  };
}

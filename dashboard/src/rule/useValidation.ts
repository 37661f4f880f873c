/** Validates a condition while it is edited. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import {
  type ConditionError,
  type ConditionWarning,
  type RuleEffect,
  validateCondition,
} from '#/client';
import { useRefusal } from '#/session/permission';

/** The pause in typing before the gateway validates. */
const PAUSE_MS = 250;

const NO_ERRORS: readonly ConditionError[] = [];
const NO_WARNINGS: readonly ConditionWarning[] = [];

/** Returns the errors and warnings of a condition. An empty one has neither. */
export function useValidation(condition: string, serviceId: number | null, effect: RuleEffect) {
  const [asked, setAsked] = useState(condition);
  useEffect(() => {
    const timer = setTimeout(() => setAsked(condition), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [condition]);
  const isEmpty = asked.trim() === '';
  // The gateway validates only for users who may change rules.
  const mayDefine = useRefusal('define') === null;
  const validation = useQuery({
    queryKey: ['condition', asked, serviceId, effect],
    queryFn: async () => {
      const body = { condition: asked, service_id: serviceId, effect };
      return (await validateCondition({ body, throwOnError: true })).data;
    },
    enabled: !isEmpty && mayDefine,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isCurrent = asked === condition && !validation.isPlaceholderData;
  return {
    errors: isEmpty || !isCurrent ? NO_ERRORS : (validation.data?.errors ?? NO_ERRORS),
    warnings: isEmpty || !isCurrent ? NO_WARNINGS : (validation.data?.warnings ?? NO_WARNINGS),
    isValid: isCurrent && !isEmpty && validation.data?.valid === true,
    failure: isEmpty ? null : validation.error,
  };
}

/** The field for a condition: the editor and the gateway's validation. */
import { useQuery } from '@tanstack/react-query';
import { Check } from 'lucide-react';
import { lazy, Suspense, useMemo } from 'react';
import type { RuleEffect } from '#/client';
import { listOperationsOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { useValidation } from './useValidation';
import { documented, UNDOCUMENTED } from './vocabulary';

const ConditionEditor = lazy(() => import('./ConditionEditor'));

/** The number of operations used for completions. */
const OPERATIONS_READ = 200;

/** Shows the field. */
export function ConditionField({
  condition,
  serviceId,
  effect,
  onChange,
}: {
  condition: string;
  serviceId: number | null;
  effect: RuleEffect;
  onChange: (condition: string) => void;
}) {
  const { errors, warnings, isValid, failure } = useValidation(condition, serviceId, effect);
  const operations = useQuery({
    ...listOperationsOptions({ path: { id: serviceId ?? 0 }, query: { limit: OPERATIONS_READ } }),
    enabled: serviceId !== null,
  });
  const known = useMemo(
    () => (operations.data ? documented(operations.data.items) : UNDOCUMENTED),
    [operations.data],
  );
  return (
    <div className="space-y-1">
      <p className="text-sm font-medium">Condition</p>
      <Suspense fallback={<Loading />}>
        <ConditionEditor
          value={condition}
          errors={errors}
          warnings={warnings}
          known={known}
          labeledBy="Condition"
          onChange={onChange}
        />
      </Suspense>
      <div aria-live="polite" className="space-y-1 text-sm">
        {errors.map(({ line, column, message }) => (
          <p key={`${line} ${column} ${message}`} className="break-words text-bad">
            Line {line}, column {column}: <Visible text={message} />
          </p>
        ))}
        {warnings.map(({ line, column, message }) => (
          <p key={`${line} ${column} ${message}`} className="break-words text-warn">
            Warning, line {line}, column {column}: <Visible text={message} />
          </p>
        ))}
        {isValid && (
          <p className="flex items-center gap-1 text-good">
            <Check aria-hidden className="size-4" /> Valid
          </p>
        )}
      </div>
      <Failure error={failure} />
      <p className="text-sm text-soft">
        A{' '}
        <a href="https://cel.dev" target="_blank" rel="noreferrer" className="underline">
          CEL
        </a>{' '}
        expression over <code>request</code>, <code>service</code>, <code>agent</code>,{' '}
        <code>operation</code>, <code>intent</code> and <code>now</code>. Press Ctrl+Space for
        suggestions{serviceId !== null && ', including documented names'}. Leave empty to match all
        requests from the agent to the service below.
      </p>
    </div>
  );
}

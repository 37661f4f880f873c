/** The condition of a rule as CEL: the editor and the gateway's validation. */
import { Check, ChevronRight } from 'lucide-react';
import { lazy, Suspense, useState } from 'react';
import type { RuleEffect } from '#/client';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { readBuilt } from './built';
import { useDocumented } from './useDocumented';
import { useValidation } from './useValidation';

const ConditionEditor = lazy(() => import('./ConditionEditor'));

/** Shows the editor, folded if the builder covers the condition, and what the gateway says of it. */
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
  const isBuilt = readBuilt(condition) !== null;
  // It stays open once it was needed, so that it does not close while a condition is typed.
  const [isOpen, setIsOpen] = useState(!isBuilt);
  if (!isBuilt && !isOpen) setIsOpen(true);
  return (
    <div className="space-y-1">
      <details
        className="group"
        open={isOpen}
        onToggle={(event) => setIsOpen(event.currentTarget.open)}
      >
        <summary className="flex min-h-10 w-fit items-center gap-1 rounded text-sm font-medium">
          <ChevronRight
            aria-hidden
            className="size-4 shrink-0 transition-transform group-open:rotate-90"
          />
          Advanced: condition as CEL
        </summary>
        {isOpen && <Editor {...{ condition, serviceId, errors, warnings, onChange }} />}
      </details>
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
    </div>
  );
}

function Editor({
  condition,
  serviceId,
  errors,
  warnings,
  onChange,
}: {
  condition: string;
  serviceId: number | null;
  onChange: (condition: string) => void;
} & Pick<ReturnType<typeof useValidation>, 'errors' | 'warnings'>) {
  const { known } = useDocumented(serviceId, null);
  return (
    <div className="space-y-1">
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
      <p className="text-sm text-soft">
        A{' '}
        <a href="https://cel.dev" target="_blank" rel="noreferrer" className="underline">
          CEL
        </a>{' '}
        expression over <code>request</code>, <code>service</code>, <code>agent</code>,{' '}
        <code>operation</code>, <code>intent</code>, and <code>now</code>. Press Ctrl+Space for
        suggestions, including documented names. Leave empty to match all requests from the agent to
        the service above.
      </p>
    </div>
  );
}

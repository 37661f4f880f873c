/** How long the gateway waits for a service, in seconds. */
import { fieldError } from '#/session/client';
import { TextField } from '#/ui/TextField';
import { secondsOf } from './timeLimit';

/** The values of the fields, as they are typed. */
export interface TimeLimitDraft {
  timeout: string;
  idleTimeout: string;
}

/** Fields of the API whose validation errors are shown here. */
export const TIME_LIMIT_FIELDS = ['timeoutMs', 'idleTimeoutMs'];

/** Shows the fields. `defaults` are the limits of the gateway, in milliseconds. */
export function TimeLimitFields({
  draft,
  defaults,
  error,
  onChange,
}: {
  draft: TimeLimitDraft;
  defaults: { timeoutMs: number; idleTimeoutMs: number } | undefined;
  error: unknown;
  onChange: (draft: TimeLimitDraft) => void;
}) {
  const bind = (field: keyof TimeLimitDraft, name: 'timeoutMs' | 'idleTimeoutMs') => ({
    type: 'number',
    inputMode: 'decimal' as const,
    min: 0.001,
    max: 1800,
    step: 'any',
    placeholder: defaults && secondsOf(defaults[name]),
    value: draft[field],
    error: fieldError(error, name),
    onChange: (event: { target: { value: string } }) =>
      onChange({ ...draft, [field]: event.target.value }),
  });
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <TextField
        label="Response timeout (seconds)"
        hint="Until the response begins. Up to 30 minutes. Leave empty for the default."
        {...bind('timeout', 'timeoutMs')}
      />
      <TextField
        label="Idle timeout (seconds)"
        hint="Between two parts of a response, such as events."
        {...bind('idleTimeout', 'idleTimeoutMs')}
      />
    </div>
  );
}

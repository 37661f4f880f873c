/** The fields of an agent's settings. */
import { fieldError } from '#/session/client';
import { TextField } from '#/ui/TextField';
import type { AgentSettings } from './settings';

/** What a refusal may name, so that it is told beside the field. */
export const SETTINGS_FIELDS = ['name', 'expiresAt', 'holdSeconds', 'riskThreshold'];

/** The fields. */
export function SettingsFields({
  settings,
  error,
  onChange,
}: {
  settings: AgentSettings;
  error: unknown;
  onChange: (settings: AgentSettings) => void;
}) {
  const bind = (field: keyof AgentSettings) => ({
    value: settings[field],
    error: fieldError(error, field),
    onChange: (event: { target: { value: string } }) =>
      onChange({ ...settings, [field]: event.target.value }),
  });
  return (
    <>
      <TextField label="Name" required maxLength={100} {...bind('name')} />
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Key expires"
          type="datetime-local"
          hint="Empty: never."
          {...bind('expiresAt')}
        />
        <TextField
          label="Held calls stay open for (seconds)"
          type="number"
          min={0}
          max={300}
          hint="So long a held call waits for you before it is answered 428."
          {...bind('holdSeconds')}
        />
      </div>
      <TextField
        label="Risk threshold of its own"
        type="number"
        min={0}
        max={1}
        step="any"
        placeholder="the gateway's"
        hint="From this score on its requests are held: 0 holds all, 1 next to none. Empty: the gateway's."
        {...bind('riskThreshold')}
      />
    </>
  );
}

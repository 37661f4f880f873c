/** The fields of an agent's settings. */
import { fieldError } from '#/session/client';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import type { AgentSettings } from './settings';

/** Fields whose validation errors are shown next to them. */
export const SETTINGS_FIELDS = ['name', 'expiresAt', 'holdSeconds', 'riskThreshold', 'otherHosts'];

/** Shows the fields. */
export function SettingsFields({
  settings,
  error,
  fault,
  onChange,
}: {
  settings: AgentSettings;
  error: unknown;
  /** The error of the expiry that is found without the gateway. */
  fault: string | undefined;
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
          label="Key expiry"
          type="datetime-local"
          hint="Leave empty for no expiry."
          {...bind('expiresAt')}
          error={fault ?? fieldError(error, 'expiresAt')}
        />
        <TextField
          label="Wait for approval (seconds)"
          type="number"
          min={0}
          max={300}
          hint="How long a held request waits for a human before the agent gets a 428."
          {...bind('holdSeconds')}
        />
      </div>
      <TextField
        label="Risk threshold"
        type="number"
        min={0}
        max={1}
        step="any"
        placeholder="gateway default"
        hint="Requests that score this or higher are held: 0 holds all, 1 almost none. Leave empty for the gateway default."
        {...bind('riskThreshold')}
      />
      <SelectField
        label="Other hosts at the proxy port"
        hint="Hosts that belong to none of the agent's services. A connection to one is recorded, but its contents are neither read nor assessed."
        options={[
          ['refuse', 'Refuse'],
          ['tunnel', 'Connect without intercepting'],
        ]}
        {...bind('otherHosts')}
      />
    </>
  );
}

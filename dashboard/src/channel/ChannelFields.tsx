/** The fields of a channel. */
import type { NotificationEvent } from '#/client';
import { fieldError } from '#/session/client';
import { CheckField } from '#/ui/CheckField';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import { type ChannelDraft, EVENTS, KINDS } from './draft';

/** Fields whose validation errors are shown next to them. */
export const CHANNEL_FIELDS = [
  'kind',
  'name',
  'settings.url',
  'settings.server',
  'settings.topic',
  'settings.token',
  'settings.to',
  'filter.minimum_risk',
  'quiet_hours.from',
  'quiet_hours.to',
  'quiet_hours.time_zone',
  'grouping.seconds',
];

/** Shows the fields. A stored channel keeps its kind. */
export function ChannelFields({
  draft,
  isNew,
  hasToken,
  error,
  onChange,
}: {
  draft: ChannelDraft;
  isNew: boolean;
  hasToken: boolean;
  error: unknown;
  onChange: (draft: ChannelDraft) => void;
}) {
  const set = (change: Partial<ChannelDraft>) => onChange({ ...draft, ...change });
  const bind = (field: Exclude<keyof ChannelDraft, 'enabled' | 'events'>, path: string) => ({
    value: draft[field],
    error: fieldError(error, path),
    onChange: (event: { target: { value: string } }) => set({ [field]: event.target.value }),
  });
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Name" required maxLength={100} {...bind('name', 'name')} />
        {isNew && <SelectField label="Kind" options={KINDS} {...bind('kind', 'kind')} />}
      </div>
      {draft.kind === 'webhook' && (
        <TextField
          label="URL"
          type="url"
          required
          placeholder="https://hooks.example.com/gaiterguard"
          {...bind('url', 'settings.url')}
        />
      )}
      {draft.kind === 'ntfy' && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Server" type="url" required {...bind('server', 'settings.server')} />
          <TextField
            label="Topic"
            required
            maxLength={64}
            hint="On a public server, everyone who knows the name can read it."
            {...bind('topic', 'settings.topic')}
          />
          <TextField
            label="Access token"
            type="password"
            placeholder={hasToken ? 'unchanged' : 'none'}
            {...bind('token', 'settings.token')}
          />
        </div>
      )}
      {draft.kind === 'email' && (
        <TextField
          label="Recipients"
          required
          placeholder="ann@example.com, bob@example.com"
          {...bind('to', 'settings.to')}
        />
      )}
      <EventField chosen={draft.events} onChange={(events) => set({ events })} />
      <TextField
        label="Lowest risk"
        type="number"
        min={0}
        max={1}
        step="any"
        placeholder="any"
        hint="Held requests with a lower score are not sent."
        {...bind('minimumRisk', 'filter.minimum_risk')}
      />
      <fieldset className="space-y-2">
        <legend className="text-sm font-medium">Quiet hours</legend>
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField label="From" type="time" {...bind('quietFrom', 'quiet_hours.from')} />
          <TextField label="To" type="time" {...bind('quietTo', 'quiet_hours.to')} />
          <TextField label="Time zone" {...bind('timeZone', 'quiet_hours.time_zone')} />
        </div>
        <p className="text-sm text-soft">Messages of these hours are sent when they end.</p>
      </fieldset>
      {draft.kind !== 'webhook' && (
        <TextField
          label="Collect requests for (seconds)"
          type="number"
          min={1}
          max={3600}
          placeholder="not at all"
          hint="Three or more held requests in this time become one message."
          {...bind('groupingSeconds', 'grouping.seconds')}
        />
      )}
    </>
  );
}

/** The events to send. At least one stays chosen, because none would mean all. */
function EventField({
  chosen,
  onChange,
}: {
  chosen: readonly NotificationEvent[];
  onChange: (events: NotificationEvent[]) => void;
}) {
  const all = EVENTS.map(([event]) => event);
  // An empty list of a stored channel means all.
  const effective = chosen.length === 0 ? all : chosen;
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-medium">Events</legend>
      {EVENTS.map(([event, text]) => {
        const isChosen = effective.includes(event);
        return (
          <CheckField
            key={event}
            label={text}
            checked={isChosen}
            disabled={isChosen && effective.length === 1}
            onChange={() =>
              onChange(all.filter((one) => effective.includes(one) !== (one === event)))
            }
          />
        );
      })}
    </fieldset>
  );
}

/** The fields of a channel. */
import type { NotificationEvent } from '#/client';
import { fieldError } from '#/session/client';
import { useRefusal } from '#/session/permission';
import { CheckField } from '#/ui/CheckField';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import { type ChannelDraft, EVENTS, KINDS, SERVERS } from './draft';
import { MemberField } from './MemberField';

/** Fields whose validation errors are shown next to them. */
export const CHANNEL_FIELDS = [
  'kind',
  'name',
  'settings.url',
  'settings.server',
  'settings.topic',
  'settings.channel',
  'settings.chat_id',
  'settings.token',
  'settings.signing_secret',
  'settings.app_token',
  'settings.to',
  'settings.user_id',
  'filter.minimum_risk',
  'filter.escalate_after_minutes',
  'quiet_hours.from',
  'quiet_hours.to',
  'quiet_hours.time_zone',
  'grouping.seconds',
];

/** Where the messages of a kind arrive, and the token that this needs. */
const PLACES = {
  ntfy: {
    field: 'topic',
    label: 'Topic',
    hint: 'On a public server, everyone who knows the name can read it.',
    token: 'Access token',
  },
  slack: {
    field: 'channel',
    label: 'Channel ID',
    hint: 'Such as C024BE91L. The bot must be a member of it.',
    token: 'Bot token',
  },
  telegram: {
    field: 'chat_id',
    label: 'Chat ID',
    hint: 'Such as -1001234567890. The bot must be a member of the chat.',
    token: 'Bot token',
  },
} as const;

/** Why a member other than an owner cannot set up buttons. */
const OWNERS_ONLY =
  'Only owners set up buttons, because the secrets of the bot prove who presses them.';

/** Shows the fields. A stored channel keeps its kind. */
export function ChannelFields({
  draft,
  isNew,
  hasToken,
  secrets,
  error,
  onChange,
}: {
  draft: ChannelDraft;
  isNew: boolean;
  hasToken: boolean;
  /** The secrets of Slack that are set. */
  secrets?: { has_signing_secret?: boolean; has_app_token?: boolean };
  error: unknown;
  onChange: (draft: ChannelDraft) => void;
}) {
  const set = (change: Partial<ChannelDraft>) => onChange({ ...draft, ...change });
  const bind = (
    field: Exclude<keyof ChannelDraft, 'enabled' | 'events' | 'decisions'>,
    path: string,
  ) => ({
    value: draft[field],
    error: fieldError(error, path),
    onChange: (event: { target: { value: string } }) => set({ [field]: event.target.value }),
  });
  const isOwner = useRefusal('manage') === null;
  const hasButtons =
    draft.kind === 'slack'
      ? secrets?.has_signing_secret || secrets?.has_app_token
      : draft.kind === 'telegram' && draft.decisions;
  const isFixed = !isOwner && hasButtons;
  const place = draft.kind in PLACES ? PLACES[draft.kind as keyof typeof PLACES] : undefined;
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
      {place && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={place.label}
            required
            maxLength={64}
            hint={place.hint}
            disabled={isFixed}
            {...bind('topic', `settings.${place.field}`)}
          />
          <TextField
            label={place.token}
            type="password"
            required={isNew && draft.kind !== 'ntfy'}
            placeholder={hasToken ? 'unchanged' : 'none'}
            disabled={isFixed}
            {...bind('token', 'settings.token')}
          />
          <TextField
            label="Server"
            type="url"
            placeholder={SERVERS[draft.kind]}
            disabled={isFixed}
            {...bind('server', 'settings.server')}
          />
        </div>
      )}
      {draft.kind === 'slack' && (
        <fieldset className="space-y-2">
          <legend className="text-sm font-medium">Buttons</legend>
          <p className="text-sm text-soft">
            {isOwner
              ? 'With one of these, messages have buttons to approve and deny, and contain the request.'
              : OWNERS_ONLY}
          </p>
          <div className="grid gap-4 sm:grid-cols-2">
            <TextField
              label="Signing secret"
              type="password"
              disabled={!isOwner}
              hint="Slack then sends button presses to the request URL, which this channel's page shows."
              placeholder={secrets?.has_signing_secret ? 'unchanged' : 'none'}
              {...bind('signingSecret', 'settings.signing_secret')}
            />
            <TextField
              label="App token"
              type="password"
              disabled={!isOwner}
              hint="For Socket Mode, if Slack cannot reach the gateway."
              placeholder={secrets?.has_app_token ? 'unchanged' : 'none'}
              {...bind('appToken', 'settings.app_token')}
            />
          </div>
        </fieldset>
      )}
      {draft.kind === 'telegram' && (
        <CheckField
          label="Buttons to approve and deny"
          hint={
            isOwner
              ? "Messages then contain the request, and the gateway fetches the bot's updates."
              : OWNERS_ONLY
          }
          disabled={!isOwner}
          checked={draft.decisions}
          onChange={(event) => set({ decisions: event.target.checked })}
        />
      )}
      {draft.kind === 'email' && (
        <TextField
          label="Recipients"
          required
          placeholder="ann@example.com, bob@example.com"
          {...bind('to', 'settings.to')}
        />
      )}
      {draft.kind === 'member' && <MemberField {...bind('member', 'settings.user_id')} />}
      <EventField chosen={draft.events} onChange={(events) => set({ events })} />
      <TextField
        label="Minimum risk score"
        type="number"
        min={0}
        max={1}
        step="any"
        placeholder="any"
        hint="Held requests with a lower score are not sent."
        {...bind('minimumRisk', 'filter.minimum_risk')}
      />
      <TextField
        label="Escalate after (minutes)"
        type="number"
        min={1}
        max={1440}
        placeholder="immediately"
        hint="Only held requests that nobody has decided on by then are sent. Use this for a second channel or a person, in case nobody reacts to the first."
        {...bind('escalateAfterMinutes', 'filter.escalate_after_minutes')}
      />
      <fieldset className="space-y-2">
        <legend className="text-sm font-medium">Quiet hours</legend>
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField label="From" type="time" {...bind('quietFrom', 'quiet_hours.from')} />
          <TextField label="To" type="time" {...bind('quietTo', 'quiet_hours.to')} />
          <TextField label="Time zone" {...bind('timeZone', 'quiet_hours.time_zone')} />
        </div>
        <p className="text-sm text-soft">Messages from these hours are sent when the hours end.</p>
      </fieldset>
      {draft.kind !== 'webhook' && (
        <TextField
          label="Collect requests for (seconds)"
          type="number"
          min={1}
          max={3600}
          placeholder="never"
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

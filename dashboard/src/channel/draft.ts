/** Converts a channel between form text and the API's types. */
import type { Channel, ChannelKind, NotificationEvent } from '#/client';

/** The kinds of channels, as the form lists them. */
export const KINDS: ReadonlyArray<readonly [ChannelKind, string]> = [
  ['webhook', 'Webhook'],
  ['ntfy', 'ntfy (push notification)'],
  ['email', 'Email'],
  ['slack', 'Slack'],
  ['telegram', 'Telegram'],
  ['member', 'Member (email and browsers)'],
];

/** The servers that are preset, by kind. */
export const SERVERS: Readonly<Partial<Record<ChannelKind, string>>> = {
  ntfy: 'https://ntfy.sh',
  slack: 'https://slack.com/api',
  telegram: 'https://api.telegram.org',
};

/** The events, as the form lists them. */
export const EVENTS: ReadonlyArray<readonly [NotificationEvent, string]> = [
  ['action.created', 'A request needs approval'],
  ['action.expiring', 'A request is about to expire'],
  ['action.voted', 'A request has some of the approvals that it needs'],
  ['action.decided', 'A request was approved or denied'],
  ['action.ended', 'A request was executed, denied, or revoked, or has expired'],
  ['agent.blocked', 'An agent was blocked'],
  ['kill_switch.changed', 'The kill switch was activated or deactivated'],
  ['credential.failing', 'A credential cannot be renewed'],
  ['llm.failing', 'The language model does not respond'],
];

/** The text of the form's fields. */
export interface ChannelDraft {
  kind: ChannelKind;
  name: string;
  enabled: boolean;
  url: string;
  server: string;
  /** The topic, the channel, or the chat. */
  topic: string;
  token: string;
  /** Proves that a request is from Slack. */
  signingSecret: string;
  /** Opens the WebSocket of Slack's Socket Mode. */
  appToken: string;
  /** Whether people decide with the buttons of Telegram. */
  decisions: boolean;
  to: string;
  /** The ID of the member. */
  member: string;
  events: NotificationEvent[];
  minimumRisk: string;
  escalateAfterMinutes: string;
  quietFrom: string;
  quietTo: string;
  timeZone: string;
  groupingSeconds: string;
}

/** Returns the name of a kind. */
export function kindName(kind: ChannelKind): string {
  return KINDS.find(([one]) => one === kind)?.[1] ?? kind;
}

/** Returns the initial form text for a channel, or for a new one. */
export function draftOf(channel?: Channel): ChannelDraft {
  const settings = (channel?.settings ?? {}) as {
    url?: string;
    server?: string;
    topic?: string;
    to?: string[];
    user_id?: number;
    channel?: string;
    chat_id?: string;
    decisions?: boolean;
  };
  return {
    kind: channel?.kind ?? 'webhook',
    name: channel?.name ?? '',
    enabled: channel?.enabled ?? true,
    url: settings.url ?? '',
    server: settings.server ?? '',
    topic: settings.topic ?? settings.channel ?? settings.chat_id ?? '',
    token: '',
    signingSecret: '',
    appToken: '',
    decisions: settings.decisions ?? false,
    to: settings.to?.join(', ') ?? '',
    member: settings.user_id === undefined ? '' : String(settings.user_id),
    events: channel?.filter?.events ?? ['action.created', 'action.expiring'],
    minimumRisk: channel?.filter?.minimum_risk == null ? '' : String(channel.filter.minimum_risk),
    escalateAfterMinutes:
      channel?.filter?.escalate_after_minutes == null
        ? ''
        : String(channel.filter.escalate_after_minutes),
    quietFrom: channel?.quiet_hours?.from ?? '',
    quietTo: channel?.quiet_hours?.to ?? '',
    timeZone:
      channel?.quiet_hours?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone ?? 'UTC',
    groupingSeconds: channel?.grouping ? String(channel.grouping.seconds) : '',
  };
}

/** Returns the settings as the API takes them. A secret that was not entered is left out, which keeps it. */
function settingsOf(draft: ChannelDraft) {
  const bot = {
    server: draft.server.trim() || (SERVERS[draft.kind] ?? ''),
    ...(draft.token === '' ? {} : { token: draft.token }),
  };
  switch (draft.kind) {
    case 'webhook':
      return { url: draft.url.trim() };
    case 'ntfy':
      return { ...bot, topic: draft.topic.trim() };
    case 'slack':
      return {
        ...bot,
        channel: draft.topic.trim(),
        ...(draft.signingSecret === '' ? {} : { signing_secret: draft.signingSecret }),
        ...(draft.appToken === '' ? {} : { app_token: draft.appToken }),
      };
    case 'telegram':
      return { ...bot, chat_id: draft.topic.trim(), decisions: draft.decisions };
    case 'email':
      return { to: draft.to.split(/[\s,;]+/).filter((address) => address !== '') };
    case 'member':
      return { user_id: Number(draft.member) };
  }
}

/** Returns the channel as the API takes it. `channel` is the stored one, whose other filters are kept. */
export function toBody(draft: ChannelDraft, channel?: Channel) {
  const hasQuietHours = draft.quietFrom !== '' || draft.quietTo !== '';
  return {
    name: draft.name.trim(),
    enabled: draft.enabled,
    settings: settingsOf(draft),
    filter: {
      // All events of the list are written as none, so that events of later versions match too.
      events: draft.events.length === EVENTS.length ? [] : draft.events,
      service_ids: channel?.filter?.service_ids ?? [],
      agent_ids: channel?.filter?.agent_ids ?? [],
      minimum_risk: draft.minimumRisk === '' ? null : Number(draft.minimumRisk),
      escalate_after_minutes:
        draft.escalateAfterMinutes === '' ? null : Number(draft.escalateAfterMinutes),
    },
    quiet_hours: hasQuietHours
      ? { from: draft.quietFrom, to: draft.quietTo, time_zone: draft.timeZone }
      : null,
    grouping:
      draft.groupingSeconds === '' || draft.kind === 'webhook'
        ? null
        : { seconds: Number(draft.groupingSeconds) },
  };
}

import { expect, test } from 'vitest';
import type { Channel } from '#/client';
import { draftOf, EVENTS, toBody } from './draft';

const stored = {
  kind: 'ntfy',
  name: 'Phone',
  enabled: false,
  settings: { server: 'https://push.example', topic: 'approvals', has_token: true },
  filter: {
    events: [],
    service_ids: [3],
    agent_ids: [4],
    minimum_risk: 0.5,
    escalate_after_minutes: 15,
  },
  quiet_hours: { from: '22:00', to: '07:00', time_zone: 'Europe/Berlin' },
  grouping: { seconds: 30 },
} as unknown as Channel;

test('a stored channel is sent back as it is, without its secret', () => {
  expect(toBody(draftOf(stored), stored)).toEqual({
    name: 'Phone',
    enabled: false,
    settings: { server: 'https://push.example', topic: 'approvals' },
    filter: stored.filter,
    quiet_hours: stored.quiet_hours,
    grouping: stored.grouping,
  });
});

test('a bot of Telegram writes its chat, and the preset server if none is entered', () => {
  const draft = { ...draftOf(), kind: 'telegram' as const, topic: ' -100 ', token: '1:a' };
  expect(toBody(draft).settings).toEqual({
    server: 'https://api.telegram.org',
    chat_id: '-100',
    token: '1:a',
    decisions: false,
  });
});

test('secrets of Slack are sent only if they were entered', () => {
  const draft = { ...draftOf(), kind: 'slack' as const, topic: 'C1', signingSecret: 's' };
  expect(toBody(draft).settings).toEqual({
    server: 'https://slack.com/api',
    channel: 'C1',
    signing_secret: 's',
  });
});

test('a channel for a member writes the ID, and reads it back', () => {
  const draft = { ...draftOf(), kind: 'member' as const, member: '7' };
  expect(toBody(draft).settings).toEqual({ user_id: 7 });
  const stored = { kind: 'member', settings: { user_id: 7 } } as unknown as Channel;
  expect(draftOf(stored).member).toBe('7');
});

test('all events are written as an empty list, and addresses are split', () => {
  const draft = {
    ...draftOf(),
    kind: 'email' as const,
    to: 'a@b.example; c@d.example\n',
    events: EVENTS.map(([event]) => event),
  };
  const body = toBody(draft);
  expect(body.filter.events).toEqual([]);
  expect(body.settings).toEqual({ to: ['a@b.example', 'c@d.example'] });
  expect(body.quiet_hours).toBeNull();
  expect(body.grouping).toBeNull();
});

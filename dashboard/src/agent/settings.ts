/** Converts an agent's settings between form text and the API's types. */
import type { Agent } from '#/client';

/** The text of the form's fields. */
export interface AgentSettings {
  name: string;
  expiresAt: string;
  holdSeconds: string;
  riskThreshold: string;
  otherHosts: string;
}

/** Returns the initial form text for an agent, or for a new one. */
export function settingsOf(agent?: Agent): AgentSettings {
  return {
    name: agent?.name ?? '',
    expiresAt: agent?.expiresAt ? localMinute(agent.expiresAt) : '',
    holdSeconds: String(agent?.holdSeconds ?? 0),
    riskThreshold: agent?.riskThreshold == null ? '' : String(agent.riskThreshold),
    otherHosts: agent?.otherHosts ?? 'refuse',
  };
}

/** Returns the settings as the API takes them. `agent` is the stored one. */
export function toFields(settings: AgentSettings, agent?: Agent) {
  const { name, expiresAt, holdSeconds, riskThreshold, otherHosts } = settings;
  return {
    name: name.trim(),
    expiresAt: expiryOf(expiresAt, agent?.expiresAt ?? null),
    holdSeconds: holdSeconds === '' ? 0 : Number(holdSeconds),
    riskThreshold: riskThreshold === '' ? null : Number(riskThreshold),
    otherHosts: otherHosts === 'tunnel' ? ('tunnel' as const) : ('refuse' as const),
  };
}

/** Returns an expiry; one that was not edited as it is stored, because the field has no seconds. */
function expiryOf(expiresAt: string, stored: string | null): string | null {
  if (expiresAt === '') return null;
  const isStored = stored !== null && localMinute(stored) === expiresAt;
  return isStored ? stored : new Date(expiresAt).toISOString();
}

/** Returns what is wrong with a new expiry; undefined if nothing is. `before` is the stored one. */
export function expiryError(expiresAt: string, before: string, now: number): string | undefined {
  if (expiresAt === '' || expiresAt === before) return undefined;
  return Date.parse(expiresAt) > now ? undefined : 'The expiry must be in the future.';
}

/** Returns a time as a `datetime-local` input takes it: local time, without a zone. */
function localMinute(at: string): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

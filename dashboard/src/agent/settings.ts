/** An agent's settings between a form's text and what the gateway takes. */
import type { Agent } from '#/client';

/** What stands in the form. */
export interface AgentSettings {
  name: string;
  expiresAt: string;
  holdSeconds: string;
  riskThreshold: string;
}

/** What the form of an agent begins with; of a new one where there is none. */
export function settingsOf(agent?: Agent): AgentSettings {
  return {
    name: agent?.name ?? '',
    expiresAt: agent?.expiresAt ? localMinute(agent.expiresAt) : '',
    holdSeconds: String(agent?.holdSeconds ?? 0),
    riskThreshold: agent?.riskThreshold == null ? '' : String(agent.riskThreshold),
  };
}

/** What the gateway is told. */
export function toFields(settings: AgentSettings) {
  const { name, expiresAt, holdSeconds, riskThreshold } = settings;
  return {
    name: name.trim(),
    expiresAt: expiresAt === '' ? null : new Date(expiresAt).toISOString(),
    holdSeconds: holdSeconds === '' ? 0 : Number(holdSeconds),
    riskThreshold: riskThreshold === '' ? null : Number(riskThreshold),
  };
}

/** A time as a browser's field for date and time writes it: without a zone, in the human's own. */
function localMinute(at: string): string {
  const date = new Date(at);
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

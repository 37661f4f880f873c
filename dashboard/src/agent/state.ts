/** The state of an agent, derived from its settings. */
import type { Agent } from '#/client';

/**
 * Returns the label and tone of the first state that applies to an agent at a time in milliseconds. The
 * fields of an unreadable agent are not valid, so that state comes first.
 */
export function agentState(
  agent: Agent,
  now: number,
): { word: string; tone: 'good' | 'warn' | 'bad' } {
  if (agent.unreadable) return { word: 'Unreadable', tone: 'bad' };
  if (agent.blocked) return { word: 'Blocked', tone: 'bad' };
  if (!agent.isActive) return { word: 'Disabled', tone: 'bad' };
  if (agent.expiresAt !== null && Date.parse(agent.expiresAt) <= now) {
    return { word: 'Expired', tone: 'bad' };
  }
  if (agent.services.length === 0) return { word: 'No services', tone: 'warn' };
  return { word: 'Active', tone: 'good' };
}

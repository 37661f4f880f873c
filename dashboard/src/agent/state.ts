/** The state that follows from an agent's settings. */
import type { Agent } from '#/client';

/** Returns the label of an agent's state: the first that applies. */
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

/** What an agent's settings come to. */
import type { Agent } from '#/client';

/** How an agent stands, in a word; the first that applies. */
export function agentState(
  agent: Agent,
  now: number,
): { word: string; tone: 'good' | 'warn' | 'bad' } {
  if (agent.unreadable) return { word: 'cannot be read', tone: 'bad' };
  if (agent.blocked) return { word: 'blocked', tone: 'bad' };
  if (!agent.isActive) return { word: 'switched off', tone: 'bad' };
  if (agent.expiresAt !== null && Date.parse(agent.expiresAt) <= now) {
    return { word: 'expired', tone: 'bad' };
  }
  if (agent.services.length === 0) return { word: 'no services', tone: 'warn' };
  return { word: 'active', tone: 'good' };
}

/** The state of an agent, as a badge. */
import type { Agent } from '#/client';
import { Badge } from '#/ui/Badge';
import { useNow } from '#/ui/now';
import { agentState } from './state';

/** Shows an agent's state. */
export function AgentState({ agent }: { agent: Agent }) {
  const { word, tone } = agentState(agent, useNow());
  return <Badge tone={tone}>{word}</Badge>;
}

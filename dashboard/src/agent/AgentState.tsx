/** How an agent stands. */
import type { Agent } from '#/client';
import { useNow } from '#/ui/now';
import { Badge } from '#/ui/parts';
import { agentState } from './state';

/** In a word. */
export function AgentState({ agent }: { agent: Agent }) {
  const { word, tone } = agentState(agent, useNow());
  return <Badge tone={tone}>{word}</Badge>;
}

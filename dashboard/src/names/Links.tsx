/** Links to the pages of agents, services, and rules. Deleted ones have no page. */
import { Link } from '@tanstack/react-router';
import type { MatchedRule } from '#/client';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { useNames } from './useNames';

/** Links to an agent. */
export function AgentLink({ id }: { id: number }) {
  const { agents } = useNames();
  if (agents.nameOf(id) === undefined) return agents.of(id);
  return (
    <Link to="/agents/$id" params={{ id }} className="underline">
      <Visible text={agents.of(id)} />
    </Link>
  );
}

/** Links to a service. */
export function ServiceLink({ id }: { id: number }) {
  const { services } = useNames();
  if (services.nameOf(id) === undefined) return services.of(id);
  return (
    <Link to="/services/$id" params={{ id }} className="underline">
      <Visible text={services.of(id)} />
    </Link>
  );
}

/** Links to a rule that matched, with its effect. */
export function RuleLink({ rule: { id, name, effect } }: { rule: MatchedRule }) {
  return (
    <span className="mr-2">
      <Link to="/rules/$id" params={{ id }} className="underline">
        <Visible text={name} />
      </Link>{' '}
      <Badge>{effect.replace('_', ' ')}</Badge>
    </span>
  );
}

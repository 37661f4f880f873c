/** From a request that was decided to a rule about its like. */
import type { RequestEntry } from '#/client';
import { splitTarget } from '#/text/target';
import type { RuleDraft } from './draft';

/** A rule about the same operation; without a documented one, about the method and the path. */
export function draftFrom(entry: RequestEntry): RuleDraft {
  const { path } = splitTarget(entry.target_url);
  // An asterisk in request.under() is refused, so that nobody takes it for a wildcard.
  return {
    name: (entry.operation?.summary ?? `${entry.method} ${path}`).slice(0, 100),
    effect: 'require_approval',
    condition: entry.operation
      ? `operation.id == ${JSON.stringify(entry.operation.id)}`
      : `request.method == ${JSON.stringify(entry.method)} && request.under(${JSON.stringify(path.replaceAll('*', '%2A'))})`,
    text: '',
    serviceId: entry.service_id,
    agentId: null,
    enabled: true,
  };
}

/** From a request that was decided to a rule about its like. */
import type { RequestEntry } from '#/client';
import { takeApart } from '#/text/target';
import type { RuleDraft } from './draft';

/** A rule about the same operation; where none is documented, about the same method and path. */
export function draftFrom(entry: RequestEntry): RuleDraft {
  const { path } = takeApart(entry.target_url);
  return {
    name: (entry.operation?.summary ?? `${entry.method} ${path}`).slice(0, 100),
    effect: 'require_approval',
    condition: entry.operation
      ? `operation.id == ${JSON.stringify(entry.operation.id)}`
      : `request.method == ${JSON.stringify(entry.method)} && request.path == ${JSON.stringify(path)}`,
    text: '',
    serviceId: entry.service_id,
    agentId: null,
    enabled: true,
  };
}

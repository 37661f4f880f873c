/** Creates a rule from a decided request. */
import type { RequestEntry } from '#/client';
import { splitTarget } from '#/text/target';
import type { RuleDraft } from './draft';

/**
 * Returns a rule for the same operation or, if it is undocumented, for the same method and path.
 */
export function draftFrom(entry: RequestEntry): RuleDraft {
  const { path } = splitTarget(entry.target_url);
  // The gateway rejects an asterisk in request.under(), so that it cannot be mistaken for a wildcard.
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

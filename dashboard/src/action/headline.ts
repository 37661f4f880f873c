/** The title of a request. */
import type { OperationRef, RequestSummary } from '#/client';
import { splitTarget } from '#/text/target';

/** Returns what the request would do; without a summary, the operation's, or else the method and path. */
export function headline(request: {
  summary?: RequestSummary | null;
  operation: OperationRef | null;
  method: string;
  target_url: string;
}): string {
  if (request.summary) return request.summary.headline.map(({ text }) => text).join('');
  return request.operation?.summary ?? `${request.method} ${splitTarget(request.target_url).path}`;
}

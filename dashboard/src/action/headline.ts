/** The title of a request. */
import type { OperationRef } from '#/client';
import { splitTarget } from '#/text/target';

/** Returns the operation's summary; without one, the method and path. */
export function headline(request: {
  operation: OperationRef | null;
  method: string;
  target_url: string;
}): string {
  return request.operation?.summary ?? `${request.method} ${splitTarget(request.target_url).path}`;
}

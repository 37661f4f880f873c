/** The first request to try with a service. */
import type { Operation } from '#/client';

/** Returns the path of the first operation that reads without parameters; undefined if none does. */
export function readablePath(operations: readonly Operation[]): string | undefined {
  return operations.find(
    ({ method, call_path, parameters }) =>
      method === 'GET' && !call_path.includes('{') && !parameters.some(({ required }) => required),
  )?.call_path;
}

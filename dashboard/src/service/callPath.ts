/** The paths of documented operations, as agents call them. */
import type { Operation, Service } from '#/client';

/**
 * Returns the path of an operation below the service's base URL. A document may repeat the path of the
 * base URL in the paths of its operations.
 */
export function callPath(service: Service, operation: Operation): string {
  const base = new URL(service.baseUrl).pathname.replace(/\/+$/, '');
  const { path } = operation;
  if (base === '' || !`${path}/`.startsWith(`${base}/`)) return path;
  return path.slice(base.length) || '/';
}

/** Returns the path of the first operation that reads without parameters; undefined if none does. */
export function readablePath(
  service: Service,
  operations: readonly Operation[],
): string | undefined {
  const plain = operations.find(
    ({ method, path, parameters }) =>
      method === 'GET' && !path.includes('{') && !parameters.some(({ required }) => required),
  );
  return plain && callPath(service, plain);
}

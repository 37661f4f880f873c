/** Requests that this page sends as the agent whose key it shows, through the door that agents use. */

import type { DryRun, HeldProblem, ProposedRequest } from '#/client';
import { GATEWAY_PATH } from '#/gateway';
import { problemOf } from '#/session/session';

/** Request timeout, in milliseconds; as long as the gateway waits for a slow service. */
const CALL_MS_MAX = 60_000;

/** The largest response that is read to its end. Reading less would break the call off. */
const READ_BYTES_MAX = 4 * 1024 * 1024;

/** The status of a held request. */
const HELD = 428;

/** Returns the decision that the gateway would make. Nothing is sent to the service. */
export async function dryRun(apiKey: string, request: ProposedRequest): Promise<DryRun> {
  const response = await post('/proxy/dry-run', apiKey, request);
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

/** Sends a request. Returns its action if it is held; throws if the gateway refuses it. */
export async function submit(
  apiKey: string,
  request: ProposedRequest,
): Promise<HeldProblem | undefined> {
  const response = await post('/proxy', apiKey, request);
  if (response.status === HELD) return response.json();
  await finish(response);
  return undefined;
}

/** Executes an approved action. */
export async function execute(apiKey: string, actionId: string): Promise<void> {
  await finish(await post(`/proxy/execute/${actionId}`, apiKey, undefined));
}

function post(path: string, apiKey: string, body: unknown): Promise<Response> {
  return fetch(GATEWAY_PATH + path, {
    method: 'POST',
    headers: { 'Agent-Key': apiKey, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    // An agent has no cookies, and the service's response must not set any here.
    credentials: 'omit',
    // The service may respond with a redirect, which belongs to the agent.
    redirect: 'manual',
    cache: 'no-store',
    referrerPolicy: 'no-referrer',
    signal: AbortSignal.timeout(CALL_MS_MAX),
  });
}

/** Reads a response to its end. Throws the gateway's own errors, and no others. */
async function finish(response: Response): Promise<void> {
  const sender = response.headers.get('X-Proxy-Status');
  const isFromGateway = !response.ok && response.type !== 'opaqueredirect' && !isRelayed(sender);
  if (isFromGateway) throw await problemOf(response);
  const reader = response.body?.getReader();
  let size = 0;
  while (reader && size <= READ_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) return;
    size += value.length;
  }
  await reader?.cancel();
}

/** Returns whether a response came from the service. */
function isRelayed(status: string | null): boolean {
  return status === 'forwarded' || status === 'executed-approved' || status === 'replayed';
}

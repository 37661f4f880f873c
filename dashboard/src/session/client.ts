/** The generated client, set up to speak for the signed-in human. */
import { client } from '#/client/client.gen';
import { ProblemError, sessionFetch } from './session';

/** Sets it up; to be called once, before the first call. */
export function setUpClient() {
  client.setConfig({ baseUrl: '', fetch: sessionFetch, throwOnError: true });
  client.interceptors.error.use((error, response) => {
    if (error instanceof Error) return error;
    const body = typeof error === 'object' && error !== null ? { ...error } : {};
    return new ProblemError(response?.status ?? 0, body);
  });
}

/** What to tell a human about a failure. */
export function messageOf(error: unknown): string {
  if (error instanceof ProblemError) {
    const fields = error.fields.map(({ field, message }) => `${field} ${message}`);
    return fields.length > 0 ? fields.join('; ') : error.message;
  }
  if (error instanceof TypeError) return 'the gateway could not be reached';
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return 'the gateway did not respond in time';
  }
  return error instanceof Error ? error.message : 'something went wrong';
}

/** What the gateway says is wrong with a field. */
export function fieldError(error: unknown, field: string): string | undefined {
  return faults(error).find((fault) => fault.field === field)?.message;
}

/** A failure, unless all that is wrong is told beside one of these fields. */
export function formError(error: unknown, fields: readonly string[]): unknown {
  const all = faults(error);
  return all.length > 0 && all.every(({ field }) => fields.includes(field)) ? null : error;
}

/** What is wrong with each field; a name that is taken is told by its code alone. */
function faults(error: unknown): ReadonlyArray<{ field: string; message: string }> {
  if (!(error instanceof ProblemError)) return [];
  return error.code === 'name_taken' ? [{ field: 'name', message: error.message }] : error.fields;
}

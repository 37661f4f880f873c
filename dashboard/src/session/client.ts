/** Setup of the generated client for the signed-in user, and error messages. */
import { client } from '#/client/client.gen';
import { GATEWAY_PATH } from '#/gateway';
import { ProblemError, sessionFetch } from './session';

/** Configures the client. Call once, before the first request. */
export function setUpClient() {
  client.setConfig({ baseUrl: GATEWAY_PATH, fetch: sessionFetch, throwOnError: true });
  client.interceptors.error.use((error, response) => {
    if (error instanceof Error) return error;
    const body = typeof error === 'object' && error !== null ? { ...error } : {};
    return new ProblemError(response?.status ?? 0, body);
  });
}

/** Returns the message of an error, for use within a sentence. */
export function messageOf(error: unknown): string {
  if (error instanceof ProblemError) {
    const fields = error.fields.map(({ field, message }) => `${field} ${message}`);
    return fields.length > 0 ? fields.join('; ') : error.message;
  }
  if (error instanceof TypeError) return 'the gateway could not be reached';
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return 'the gateway did not respond in time';
  }
  return error instanceof Error ? error.message : 'unknown error';
}

/** Returns the message of an error as a sentence; field names keep their spelling. */
export function sentenceOf(error: unknown): string {
  const message = messageOf(error);
  if (fieldErrors(error).length > 0) return message;
  return message.charAt(0).toUpperCase() + message.slice(1);
}

/** Returns the validation error of a field. */
export function fieldError(error: unknown, field: string): string | undefined {
  return fieldErrors(error).find((one) => one.field === field)?.message;
}

/** Returns the error, or null if these fields show all of it. */
export function formError(error: unknown, fields: readonly string[]): unknown {
  const all = fieldErrors(error);
  return all.length > 0 && all.every(({ field }) => fields.includes(field)) ? null : error;
}

/**
 * Returns the validation errors. A name conflict has only a code, so it is assigned to the name.
 */
function fieldErrors(error: unknown): ReadonlyArray<{ field: string; message: string }> {
  if (!(error instanceof ProblemError)) return [];
  return error.code === 'name_taken' ? [{ field: 'name', message: error.message }] : error.fields;
}

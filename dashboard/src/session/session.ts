/**
 * The signed-in human. The access token lives in this page's memory alone; the refresh token is a
 * cookie that no script can read.
 */
import type { RegistrationState, User } from '#/client';

/** How a failed call looks, whoever made it fail. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: ReadonlyArray<{ field: string; message: string }>;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    const fields = Array.isArray(body.errors) ? body.errors : [];
    super(typeof body.detail === 'string' ? body.detail : `the gateway answered ${status}`);
    this.status = status;
    this.code = typeof body.code === 'string' ? body.code : 'unknown';
    this.fields = fields;
    this.body = body;
  }
}

let accessToken: string | null = null;
let refreshing: Promise<boolean> | null = null;
const signedOutListeners = new Set<() => void>();

/** Told when the session has ended, wherever it was ended. */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

async function post(path: string, body: unknown): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
  });
}

/** What a failed answer says. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const body = await response.json().catch(() => ({}));
  return new ProblemError(response.status, body ?? {});
}

/** Signs in. */
export async function signIn(email: string, password: string): Promise<User> {
  const response = await post('/auth/login', { email, password, session: 'cookie' });
  if (!response.ok) throw await problemOf(response);
  const answer = await response.json();
  accessToken = answer.accessToken;
  return answer.user;
}

/** Returns whether an account can be registered; if the gateway does not say, as if it could not. */
export async function registrationState(): Promise<RegistrationState> {
  const response = await fetch('/auth/registration').catch(() => null);
  if (!response?.ok) return { open: false, firstAccount: false, setupCodeRequired: false };
  return response.json();
}

/** Makes an account and signs in with it. An empty set-up code is not sent. */
export async function register(email: string, password: string, setupCode: string): Promise<User> {
  const body = setupCode === '' ? { email, password } : { email, password, setupCode };
  const response = await post('/auth/register', body);
  if (!response.ok) throw await problemOf(response);
  return signIn(email, password);
}

/** Ends the session at the gateway, then here. */
export async function signOut(): Promise<void> {
  const response = await sessionFetch('/auth/logout', { method: 'POST' });
  if (!response.ok && response.status !== 401) throw await problemOf(response);
  end();
}

function end() {
  accessToken = null;
  for (const listener of signedOutListeners) listener();
}

/** Whose session it is, as the token says; empty without one. */
export function sessionUser(): string {
  const payload = accessToken?.split('.')[1] ?? '';
  try {
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return String(claims.sub ?? '');
  } catch {
    return '';
  }
}

/** Whether there is a session; one from before a reload is taken up again. */
export async function isSignedIn(): Promise<boolean> {
  return accessToken !== null || refresh();
}

/**
 * Exchanges the cookie for a new pair. A refresh token works once, so the tabs of a browser take
 * turns; where the browser has no locks (plain HTTP on another machine) each tab has its own.
 */
function refresh(): Promise<boolean> {
  refreshing ??= inTurn(async () => {
    const response = await post('/auth/refresh', {});
    if (response.ok) {
      accessToken = (await response.json()).accessToken;
      return true;
    }
    // Only a word from the gateway ends a session; a gateway that is away does not.
    if (response.status >= 500 || response.status === 429) throw await problemOf(response);
    accessToken = null;
    return false;
  }).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? navigator.locks.request('gaiterguard.refresh', work) : work();
}

/** `fetch` with the session's token, which is renewed in the background when it has expired. */
export async function sessionFetch(
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const again = request.clone();
  const token = accessToken;
  const response = await fetch(authorized(request, token));
  if (response.status !== 401) return response;
  // Another call may have renewed the token while this one was under way.
  const isRenewed = accessToken !== null && accessToken !== token;
  if (!isRenewed && !(await refresh())) {
    end();
    return response;
  }
  return fetch(authorized(again, accessToken));
}

function authorized(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

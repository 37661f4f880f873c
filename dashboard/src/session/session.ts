/**
 * The session of the signed-in user. The access token is only in this page's memory; the refresh token
 * is a cookie that no script can read.
 */

import type { InvitationPreview, RegistrationState, User } from '#/client';
import { GATEWAY_PATH } from '#/gateway';
import { presentPasskey } from './passkey';

/** An error response, as an exception. */
export class ProblemError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: ReadonlyArray<{ field: string; message: string }>;
  readonly body: Record<string, unknown>;

  constructor(status: number, body: Record<string, unknown>) {
    const fields = Array.isArray(body.errors) ? body.errors : [];
    super(
      typeof body.detail === 'string' ? body.detail : `the gateway responded with status ${status}`,
    );
    this.status = status;
    this.code = typeof body.code === 'string' ? body.code : 'unknown';
    this.fields = fields;
    this.body = body;
  }
}

let accessToken: string | null = null;
let refreshing: Promise<boolean> | null = null;
/** Whether the last session was ended by something else than the sign-out button. */
let hasEnded = false;
let isSigningOut = false;
/** Until when a page that needs to know whether there is a session does not ask again. */
let signedOutUntil = 0;

/**
 * How long the gateway's report that there is no session is reused, in milliseconds: long enough for
 * the redirect from a page to the sign-in page, which both need to know.
 */
const SIGNED_OUT_MS = 2_000;

const signedOutListeners = new Set<() => void>();

/**
 * Calls `listener` when the session ends, in this tab or elsewhere. Returns a function that stops
 * this.
 */
export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener);
  return () => signedOutListeners.delete(listener);
}

async function post(path: string, body: unknown, options?: RequestInit): Promise<Response> {
  return fetch(GATEWAY_PATH + path, {
    ...options,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
  });
}

/** Returns the error of a failed response. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const body = await response.json().catch(() => ({}));
  return new ProblemError(response.status, body ?? {});
}

/** Signs in and returns the user. The code of the second factor is empty if none was asked for. */
export async function signIn(email: string, password: string, code = ''): Promise<User> {
  const body = { email, password, session: 'cookie', ...(code !== '' && { code }) };
  const response = await post('/auth/login', body);
  if (!response.ok) throw await problemOf(response);
  const login = await response.json();
  accessToken = login.accessToken;
  hasEnded = false;
  return login.user;
}

/** Signs in with a passkey that the browser finds. */
export async function signInWithPasskey(): Promise<void> {
  const begun = await post('/auth/passkeys/sign-in/options', {});
  if (!begun.ok) throw await problemOf(begun);
  const used = await presentPasskey(await begun.json());
  const response = await post('/auth/passkeys/sign-in', { ...used, session: 'cookie' });
  if (!response.ok) throw await problemOf(response);
  accessToken = (await response.json()).accessToken;
  hasEnded = false;
}

/** Goes to the provider's sign-in page. */
export async function beginSingleSignOn(): Promise<void> {
  const response = await post('/auth/oidc', {});
  if (!response.ok) throw await problemOf(response);
  window.location.assign((await response.json()).authorizationUrl);
}

/** The mark of a tab that connects the account of its user, instead of signing in. */
const LINKING = 'gaiterguard.linking';

/** Remembers that the provider is asked to connect the account. */
export function rememberLinking(): void {
  sessionStorage.setItem(LINKING, 'yes');
}

/** Returns whether the provider was asked to connect the account, once. */
export function takeLinking(): boolean {
  const isLinking = sessionStorage.getItem(LINKING) !== null;
  sessionStorage.removeItem(LINKING);
  return isLinking;
}

/** Hands the provider's response to the gateway, to sign in or to connect the account. */
export async function completeSingleSignOn(
  redirected: { code: string; state: string; iss?: string },
  isLinking: boolean,
): Promise<void> {
  if (!isLinking) {
    const response = await post('/auth/oidc/callback', redirected);
    if (!response.ok) throw await problemOf(response);
    accessToken = (await response.json()).accessToken;
    hasEnded = false;
    return;
  }
  await isSignedIn();
  const response = await sessionFetch(`${GATEWAY_PATH}/auth/oidc/link/callback`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(redirected),
  });
  if (!response.ok) throw await problemOf(response);
}

/**
 * Returns whether an account can be registered, and in which ways people sign in. If the gateway does not
 * respond, returns that no account can be registered.
 */
export async function registrationState(): Promise<RegistrationState> {
  const response = await fetch(`${GATEWAY_PATH}/auth/registration`).catch(() => null);
  if (!response?.ok) {
    return {
      open: false,
      firstAccount: false,
      setupCodeRequired: false,
      password: true,
      passkeys: false,
      singleSignOn: null,
    };
  }
  return response.json();
}

/** Creates an account and signs in. An empty setup code is not sent. */
export async function register(email: string, password: string, setupCode: string): Promise<User> {
  const body = setupCode === '' ? { email, password } : { email, password, setupCode };
  const response = await post('/auth/register', body);
  if (!response.ok) throw await problemOf(response);
  return signIn(email, password);
}

/** An invitation as the person who has its link sees it. */
export async function previewInvitation(token: string): Promise<InvitationPreview> {
  const response = await post('/auth/invitations/preview', { token });
  if (!response.ok) throw await problemOf(response);
  return response.json();
}

/**
 * Accepts an invitation: with a password for a new account, or as the signed-in user. The session then
 * acts in the workspace of the invitation.
 */
export async function acceptInvitation(token: string, password?: string): Promise<void> {
  const path = '/auth/invitations/accept';
  const response =
    password === undefined
      ? await sessionFetch(`${GATEWAY_PATH}${path}`, jsonPost({ token }))
      : await post(path, { token, password, session: 'cookie' });
  if (!response.ok) throw await problemOf(response);
  accessToken = (await response.json()).accessToken;
  hasEnded = false;
}

/** Switches the session to another workspace of the user. The page has to be loaded again. */
export async function switchWorkspace(workspaceId: number): Promise<void> {
  const response = await sessionFetch(`${GATEWAY_PATH}/auth/workspace`, jsonPost({ workspaceId }));
  if (!response.ok) throw await problemOf(response);
  accessToken = (await response.json()).accessToken;
}

function jsonPost(body: unknown): RequestInit {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** Ends the session at the gateway, then in this tab. */
export async function signOut(): Promise<void> {
  isSigningOut = true;
  try {
    const response = await sessionFetch(`${GATEWAY_PATH}/auth/logout`, { method: 'POST' });
    if (!response.ok && response.status !== 401) throw await problemOf(response);
    end();
  } finally {
    isSigningOut = false;
  }
}

function end() {
  // Requests that were under way while the user signed out fail later.
  if (accessToken !== null) hasEnded = !isSigningOut;
  accessToken = null;
  for (const listener of signedOutListeners) listener();
}

/** Returns whether the last session expired or was ended elsewhere. */
export function sessionHasEnded(): boolean {
  return hasEnded;
}

/** Returns the user and the workspace in the access token, as one text, or an empty string. */
export function sessionUser(): string {
  const payload = accessToken?.split('.')[1] ?? '';
  try {
    const claims = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return claims.sub === undefined ? '' : `${claims.sub}/${claims.wid}`;
  } catch {
    return '';
  }
}

/** Returns whether there is a session, resuming one from before a reload. */
export async function isSignedIn(): Promise<boolean> {
  if (accessToken !== null) return true;
  return Date.now() >= signedOutUntil && refresh();
}

/**
 * Exchanges the cookie for new tokens. The tabs of a browser take turns. Without locks (plain HTTP from
 * another machine), each tab refreshes on its own: for ten seconds the gateway takes a token again.
 */
function refresh(): Promise<boolean> {
  refreshing ??= inTurn(async () => {
    // A reload must not abort it: the gateway would replace the token, but the browser would keep the
    // replaced one, which works for ten seconds more only.
    const response = await post('/auth/refresh', {}, { keepalive: true });
    if (response.status === 200) {
      const before = sessionUser();
      accessToken = (await response.json()).accessToken;
      // Someone else has signed in, or has switched workspaces, in another tab. Nothing on this page is theirs, and what it was
      // about to send must not be sent in their name.
      if (before !== '' && before !== sessionUser()) {
        window.location.reload();
        return new Promise<boolean>(() => {});
      }
      return true;
    }
    // Only a response from the gateway ends a session; an unavailable gateway does not.
    if (response.status >= 500 || response.status === 429) throw await problemOf(response);
    signedOutUntil = Date.now() + SIGNED_OUT_MS;
    // At the start of a page: a browser without a session has no cookie to be rejected.
    if (accessToken === null) hasEnded ||= response.status === 401;
    return false;
  }).finally(() => {
    refreshing = null;
  });
  return refreshing;
}

function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? navigator.locks.request('gaiterguard.refresh', work) : work();
}

/** `fetch` with the access token, which is refreshed in the background when it has expired. */
export async function sessionFetch(
  input: RequestInfo | URL,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const again = request.clone();
  const token = accessToken;
  const response = await fetch(authorized(request, token));
  if (response.status !== 401) return response;
  // Another call may have refreshed the token in the meantime.
  const isRefreshed = accessToken !== null && accessToken !== token;
  if (!isRefreshed && !(await refresh())) {
    end();
    return response;
  }
  return fetch(authorized(again, accessToken));
}

function authorized(request: Request, token: string | null): Request {
  if (token !== null) request.headers.set('Authorization', `Bearer ${token}`);
  return request;
}

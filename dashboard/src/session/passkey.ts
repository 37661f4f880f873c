/** The browser's part in passkeys: bytes to base64url and back, and the two calls of Web Authentication. */
import type { ApprovalOptions, PasskeyCreationOptions, PasskeyRequestOptions } from '#/client';

/** Returns bytes in base64url without padding. */
export function encode(bytes: ArrayBuffer): string {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Returns the bytes of base64url. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** Returns whether this browser has passkeys, on this page. */
export function hasPasskeys(): boolean {
  return typeof PublicKeyCredential === 'function' && navigator.credentials !== undefined;
}

/** Makes a passkey and returns it in the form of the API. */
export async function createPasskey(options: PasskeyCreationOptions) {
  const { challenge, user, excludeCredentials, pubKeyCredParams, ...rest } = options;
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...rest,
    challenge: decode(challenge),
    user: { ...user, id: decode(user.id) },
    pubKeyCredParams: pubKeyCredParams.map(({ alg }) => ({ type: 'public-key', alg })),
    excludeCredentials: excludeCredentials.map(({ id }) => ({
      type: 'public-key',
      id: decode(id),
    })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
  };
  const made = await navigator.credentials.create({ publicKey });
  const { response } = made as PublicKeyCredential;
  const { clientDataJSON, attestationObject } = response as AuthenticatorAttestationResponse;
  return {
    clientDataJSON: encode(clientDataJSON),
    attestationObject: encode(attestationObject),
  };
}

/** Uses a passkey and returns its response in the form of the API. */
export async function presentPasskey(options: PasskeyRequestOptions | ApprovalOptions) {
  const { challenge, rpId, timeout } = options;
  const known = 'allowCredentials' in options ? options.allowCredentials : undefined;
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: decode(challenge),
    rpId,
    timeout,
    userVerification: 'required',
    ...(known && {
      allowCredentials: known.map(({ id }) => ({ type: 'public-key' as const, id: decode(id) })),
    }),
  };
  const used = (await navigator.credentials.get({ publicKey })) as PublicKeyCredential;
  const response = used.response as AuthenticatorAssertionResponse;
  return {
    credentialId: encode(used.rawId),
    clientDataJSON: encode(response.clientDataJSON),
    authenticatorData: encode(response.authenticatorData),
    signature: encode(response.signature),
  };
}

/** Returns why the browser made or used no passkey, as a sentence; null for another error. */
export function passkeyFailure(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  if (error.name === 'InvalidStateError')
    return 'This device has a passkey for the account already.';
  if (error.name === 'NotAllowedError') return 'The passkey was not used: canceled, or too late.';
  return `The browser refused the passkey (${error.name}).`;
}

/** Conclusions from the status of a response about the base URL and the credential. */

/** Returns a sentence, and whether the service did what it was asked. */
export function reached(status: number): { isGood: boolean; text: string } {
  if (status < 300) return { isGood: true, text: `The service responded with ${status}.` };
  const text = `The request reached the service, which responded with ${status}. ${advice(status)}`;
  return { isGood: false, text };
}

/** Returns whether the service rejected the credential. */
export function isRejected(status: number): boolean {
  return status === 401 || status === 403;
}

function advice(status: number): string {
  if (isRejected(status)) return 'Check the credential.';
  if (status === 404 || status === 405 || status === 410) return 'Check the path.';
  return 'Check the path and the credential.';
}

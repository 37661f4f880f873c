/** An authenticator with a fingerprint reader, of Chromium itself (its virtual authenticator). */
import type { Page } from 'playwright-core';

/** Adds an authenticator to a page. */
export async function authenticator(page: Page, isUserVerified = true) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const added = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId: added.authenticatorId };
}

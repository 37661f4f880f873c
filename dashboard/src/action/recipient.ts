/** Who gets something by a request that does not name them. */
import type { Action, RequestFact } from '#/client';
import { headline } from './headline';

/** A message to everyone who has subscribed to it. */
const CAMPAIGN = /\b(announcement|blast|broadcast|campaign|mailing|newsletter)s?\b/i;

const SENDS =
  /^(?:bulk )?(?:activate|broadcast|launch|publish|resend|resume|schedule|send|start|trigger)\b/i;

const REFUND = /^(?:bulk )?refund\b/i;

/** Returns who gets something although the request does not name them; null if it does, or if it is not known. */
export function impliedRecipientOf(action: Action): string | null {
  const { summary } = action;
  if (!summary) return null;
  if (summary.facts.some(namesRecipient)) return null;
  const title = headline(action);
  if (summary.effect === 'pays' && REFUND.test(title))
    return 'the payer of the original payment (not named in the request)';
  const places = summary.facts
    .filter(({ location }) => location === 'path')
    .map(({ name }) => name.replace(/([a-z])([A-Z])/g, '$1 $2'));
  const noun = SENDS.test(title) ? CAMPAIGN.exec([title, ...places].join(' '))?.[1] : undefined;
  return noun ? `the audience of the ${noun.toLowerCase()} (not named in the request)` : null;
}

/** Returns whether a fact names who gets something: a merchant's account is the operator's own. */
export function namesRecipient({ kind, name, value }: RequestFact): boolean {
  return (
    (kind === 'recipient' || kind === 'account') && value !== 'none' && !/merchant/i.test(name)
  );
}

/** The unsaved changes of a rule, kept in the tab so that a reload or a new sign-in does not lose them. */
import { useEffect, useState } from 'react';
import { keptPlace, useForgottenAtSignOut } from '#/session/kept';
import { followed, isSame } from '#/ui/useStored';
import { APPROVERS, type RuleDraft } from './draft';
import { EFFECTS } from './effect';

/** Returns where a draft is kept. */
function placeOf(key: string): string {
  return keptPlace('rule', key);
}

/** Removes a draft, after it was saved or discarded. */
export function forgetDraft(key: string): void {
  sessionStorage.removeItem(placeOf(key));
}

/** Returns the draft of a rule, starting with what was kept; `initial` is the saved rule. */
export function useDraft(key: string, initial: RuleDraft) {
  // Ending the session must not change the place.
  const [place] = useState(() => placeOf(key));
  const [kept] = useState(() => readDraft(sessionStorage.getItem(place)));
  const [draft, setDraft] = useState(kept ?? initial);
  const [base, setBase] = useState(initial);
  if (!isSame(base, initial)) {
    setBase(initial);
    setDraft(followed(draft, base, initial));
  }
  const isChanged = !isSame(draft, initial);
  useEffect(() => {
    if (isChanged) sessionStorage.setItem(place, JSON.stringify(draft));
    else sessionStorage.removeItem(place);
  }, [place, draft, isChanged]);
  useForgottenAtSignOut(place);
  return { draft, setDraft, isChanged, isRestored: kept !== null && isChanged };
}

/** Reads a kept draft; null if it is not one. */
export function readDraft(text: string | null): RuleDraft | null {
  if (text === null) return null;
  let kept: Partial<Record<keyof RuleDraft, unknown>> | null;
  try {
    kept = JSON.parse(text);
  } catch {
    return null;
  }
  const isId = (id: unknown) => id === null || typeof id === 'number';
  const isDraft =
    kept !== null &&
    [kept.name, kept.condition, kept.text].every((part) => typeof part === 'string') &&
    EFFECTS.some(([effect]) => effect === kept.effect) &&
    isId(kept.serviceId) &&
    isId(kept.agentId) &&
    typeof kept.approvals === 'number' &&
    APPROVERS.some(([approvers]) => approvers === kept.approvers) &&
    [kept.noRuleAuthor, kept.noAgentOwner, kept.needsPasskey, kept.enabled].every(
      (part) => typeof part === 'boolean',
    );
  return isDraft ? (kept as RuleDraft) : null;
}

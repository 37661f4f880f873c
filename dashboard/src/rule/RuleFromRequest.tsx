/** A link to a new rule that decides on requests like this one. */
import { Link } from '@tanstack/react-router';
import type { Action, RuleEffect } from '#/client';
import { BUTTON } from '#/ui/Button';
import { IfPermitted } from '#/ui/RoleNote';
import { effectOf } from './fromRequest';

const LABELS: Readonly<Record<RuleEffect, string>> = {
  allow: 'Allow requests like this…',
  deny: 'Deny requests like this…',
  require_approval: 'Create rule from this…',
};

/** Shows the link. The rule is prefilled with the decision taken on the request. */
export function RuleFromRequest({ action }: { action: Action }) {
  if (action.unreadable) return null;
  return (
    <IfPermitted needs="define">
      <Link to="/rules/new" search={{ action: action.action_id }} className={BUTTON}>
        {LABELS[effectOf(action)]}
      </Link>
    </IfPermitted>
  );
}

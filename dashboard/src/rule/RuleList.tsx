/** The rules of the workspace. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Rule } from '#/client';
import { updateRuleMutation } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { DefinitionName, UnreadableBadge } from '#/ui/Unreadable';
import { readBuilt } from './built';
import { ConfirmAllow } from './ConfirmAllow';
import { draftOf, ruleBody } from './draft';
import { EFFECT_TONES, effectName } from './effect';
import { inWords } from './fields';
import { Hits } from './Hits';
import { allowsEverything } from './unconditional';

/** Lists the rules. */
export function RuleList({ rules }: { rules: readonly Rule[] }) {
  const { services, agents } = useNames();
  return (
    <ul aria-label="Rules" className="space-y-2">
      {rules.map((rule) => (
        <RuleItem
          key={rule.id}
          rule={rule}
          scope={[
            rule.service_id !== null && services.of(rule.service_id),
            rule.agent_id !== null && agents.of(rule.agent_id),
          ]
            .filter((name) => name !== false)
            .join(', ')}
        />
      ))}
    </ul>
  );
}

function RuleItem({ rule, scope }: { rule: Rule; scope: string }) {
  const queries = useQueryClient();
  const change = useMutation({
    ...updateRuleMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const [isAsking, setIsAsking] = useState(false);
  const isOpen = allowsEverything(rule);
  const flip = () =>
    change.mutate(
      { path: { id: rule.id }, body: { enabled: !rule.enabled } },
      { onSuccess: () => setIsAsking(false) },
    );
  if (rule.unreadable) {
    return (
      <li className="flex flex-wrap items-center gap-2 rounded-lg border border-line bg-panel p-3">
        <UnreadableBadge />
        <Link to="/rules/$id" params={{ id: rule.id }} className="font-semibold underline">
          <DefinitionName noun="rule" id={rule.id} name={rule.name} />
        </Link>
      </li>
    );
  }
  return (
    <li className="space-y-2 rounded-lg border border-line bg-panel p-3">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0 flex-1 basis-60">
          <p className="flex flex-wrap items-center gap-2">
            <Badge tone={EFFECT_TONES[rule.effect]}>{effectName(rule.effect)}</Badge>
            <Link to="/rules/$id" params={{ id: rule.id }} className="font-semibold underline">
              <Visible text={rule.name} />
            </Link>
            {!rule.enabled && <Badge>Disabled</Badge>}
            {isOpen && <Badge tone="bad">Allows risky requests</Badge>}
          </p>
          <p className="mt-1 line-clamp-3 text-sm">
            {rule.condition !== null ? (
              <Condition condition={rule.condition} />
            ) : rule.text !== null ? (
              <Visible text={rule.text} />
            ) : (
              'All requests'
            )}
          </p>
          <p className="mt-1 text-sm text-soft">
            {scope === '' ? (
              'Any service, any agent'
            ) : (
              <>
                Only <Visible text={scope} />
              </>
            )}
            {' · '}
            {rule.approvals &&
              (rule.approvals.count ?? 1) > 1 &&
              `${rule.approvals.count} approvals · `}
            {rule.stepUp === 'passkey' && 'with a passkey · '}
            <Hits rule={rule} />
          </p>
          {rule.warnings
            .filter(({ field }) => field === 'stepUp')
            .map(({ message }) => (
              <p key={message} className="mt-1 text-sm text-warn first-letter:uppercase">
                {message}.
              </p>
            ))}
        </div>
        <Button
          needs="define"
          aria-label={`${rule.enabled ? 'Disable' : 'Enable'} ${rule.name}`}
          isBusy={change.isPending}
          onClick={() => (isOpen && !rule.enabled ? setIsAsking(true) : flip())}
        >
          {rule.enabled ? 'Disable' : 'Enable'}
        </Button>
      </div>
      <Failure error={change.error} />
      {isAsking && (
        <ConfirmAllow
          rule={{ ...ruleBody(draftOf(rule)), id: rule.id, enabled: true }}
          scope={scope}
          isBusy={change.isPending}
          error={change.error}
          onConfirm={flip}
          onClose={() => setIsAsking(false)}
        />
      )}
    </li>
  );
}

/** Shows a condition in words if the builder covers it, else as CEL. */
function Condition({ condition }: { condition: string }) {
  const built = readBuilt(condition);
  if (built) return `If ${inWords(built)}`;
  return (
    <code className="text-[0.8rem]">
      <Visible text={condition} />
    </code>
  );
}

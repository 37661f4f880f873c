/** The approvals that a rule asks for. */
import { useQuery } from '@tanstack/react-query';
import { validateCondition } from '#/client';
import { fieldError } from '#/session/client';
import { useRefusal } from '#/session/permission';
import { CheckField } from '#/ui/CheckField';
import { SelectField } from '#/ui/SelectField';
import { APPROVERS, type Approvers, type RuleDraft, ruleBody } from './draft';

/** The most approvals that a rule can ask for. */
const APPROVALS_MAX = 10;

const COUNTS = Array.from({ length: APPROVALS_MAX }, (_, index) => {
  const count = index + 1;
  return [String(count), count === 1 ? '1 person' : `${count} people`] as const;
});

/** Shows how many people must approve, and who. */
export function ApprovalsField({
  draft,
  error,
  onChange,
}: {
  draft: RuleDraft;
  error: unknown;
  onChange: (part: Partial<RuleDraft>) => void;
}) {
  return (
    <fieldset className="space-y-3">
      <legend className="text-sm font-medium">Approvals</legend>
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField
          label="How many must approve"
          options={COUNTS}
          value={String(draft.approvals)}
          error={fieldError(error, 'approvals') ?? fieldError(error, 'approvals.count')}
          onChange={({ target }) => onChange({ approvals: Number(target.value) })}
        />
        <SelectField
          label="Who may approve"
          options={APPROVERS}
          value={draft.approvers}
          onChange={({ target }) => onChange({ approvers: target.value as Approvers })}
        />
      </div>
      <CheckField
        label="Not the author of this rule"
        hint="The person who created the rule or last changed what it does."
        checked={draft.noRuleAuthor}
        onChange={({ target }) => onChange({ noRuleAuthor: target.checked })}
      />
      <CheckField
        label="Not the owner of the agent"
        hint="The person who created the agent that sends the request."
        checked={draft.noAgentOwner}
        onChange={({ target }) => onChange({ noAgentOwner: target.checked })}
      />
      <CheckField
        label="With a passkey"
        hint="Each person uses a passkey for each approval. The gateway keeps the proof. People add passkeys in Settings."
        checked={draft.needsPasskey}
        onChange={({ target }) => onChange({ needsPasskey: target.checked })}
      />
      {draft.needsPasskey && <PasskeyWarning draft={draft} />}
    </fieldset>
  );
}

/** Warns if too few of those who may approve have a passkey. The rule can be saved anyway. */
function PasskeyWarning({ draft }: { draft: RuleDraft }) {
  const { approvals, stepUp } = ruleBody(draft);
  const mayDefine = useRefusal('define') === null;
  const { data } = useQuery({
    queryKey: ['stepUp', approvals],
    queryFn: async () => {
      // The warning is about the people and not about the condition, so any condition does.
      const body = { condition: 'true', effect: draft.effect, approvals, stepUp };
      return (await validateCondition({ body, throwOnError: true })).data;
    },
    enabled: mayDefine,
  });
  const warnings = (data?.warnings ?? []).filter(({ field }) => field === 'stepUp');
  return warnings.map(({ message }) => (
    <p key={message} role="status" className="text-sm text-warn first-letter:uppercase">
      {message}.
    </p>
  ));
}

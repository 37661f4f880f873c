/** The form for a rule. */
import { useBlocker } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Names, useNames } from '#/names/useNames';
import { fieldError, formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { TextArea } from '#/ui/TextArea';
import { TextField } from '#/ui/TextField';
import { ApprovalsField } from './ApprovalsField';
import { Builder } from './Builder';
import { Compile } from './Compile';
import { ConditionField } from './ConditionField';
import { ConfirmAllow } from './ConfirmAllow';
import { type RuleDraft, ruleBody } from './draft';
import { EFFECT_DESCRIPTIONS, EFFECTS } from './effect';
import { Matches } from './Matches';
import { Simulation } from './Simulation';
import { Templates } from './Templates';
import { allowsEverything } from './unconditional';
import { forgetDraft, useDraft } from './useDraft';

const FIELDS_WITH_ERRORS = [
  'name',
  'effect',
  'text',
  'service_id',
  'agent_id',
  'approvals',
  'approvals.count',
];

/** Shows the form next to the simulation. */
export function RuleForm({
  draftKey,
  id,
  initial,
  isBusy,
  error,
  note,
  onSave,
  onChange,
}: {
  /** Identifies the unsaved changes in this tab. */
  draftKey: string;
  /** The id of the rule; undefined for a new one. */
  id: number | undefined;
  initial: RuleDraft;
  isBusy: boolean;
  error: unknown;
  /** Shown next to the button. */
  note?: ReactNode;
  onSave: (draft: RuleDraft) => void;
  /** Called on each change, so that the result of the last attempt disappears. */
  onChange: () => void;
}) {
  const { draft, setDraft, isChanged, isRestored } = useDraft(draftKey, initial);
  const change = (part: Partial<RuleDraft>) => {
    setDraft((before) => ({ ...before, ...part }));
    onChange();
  };
  const [isAsking, setIsAsking] = useState(false);
  const { services, agents } = useNames();
  const body = ruleBody(draft);
  const isOpen = allowsEverything(body);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isOpen) setIsAsking(true);
    else onSave(draft);
  };
  const isForAll = draft.condition.trim() === '' && draft.text.trim() === '';
  const rule = { ...body, ...(id !== undefined && { id }) };
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Panel>
        <form onSubmit={submit} className="space-y-5">
          {isRestored && (
            <div
              role="status"
              className="flex flex-wrap items-center justify-between gap-2 rounded-md border border-line bg-page p-2 text-sm"
            >
              <span>Your unsaved changes were restored.</span>
              <Button onClick={() => change(initial)}>Discard changes</Button>
            </div>
          )}
          {id === undefined && isForAll && <Templates draft={draft} onChange={change} />}
          <TextField
            label="Name"
            required
            maxLength={100}
            value={draft.name}
            error={fieldError(error, 'name')}
            onChange={(event) => change({ name: event.target.value })}
          />
          <Builder draft={draft} error={error} onChange={change} />
          <ConditionField
            condition={draft.condition}
            serviceId={draft.serviceId}
            effect={draft.effect}
            onChange={(condition) => change({ condition })}
          />
          <Matches rule={rule} />
          <EffectField draft={draft} onChange={change} />
          {draft.effect === 'require_approval' && (
            <ApprovalsField draft={draft} error={error} onChange={change} />
          )}
          <div className="space-y-3">
            <TextArea
              label="Description (optional)"
              rows={2}
              maxLength={2000}
              placeholder="Any charge over $100 requires approval"
              hint="If there is no condition, the language model applies the description. Otherwise it only explains the rule."
              value={draft.text}
              error={fieldError(error, 'text')}
              onChange={(event) => change({ text: event.target.value })}
            />
            <Compile
              text={draft.text}
              serviceId={draft.serviceId}
              onUse={(condition) => change({ condition })}
            />
          </div>
          <CheckField
            label="Enabled"
            checked={draft.enabled}
            onChange={(event) => change({ enabled: event.target.checked })}
          />
          {isForAll && (
            <p className="text-sm text-warn">
              This rule matches <strong>every</strong> request in its scope.
            </p>
          )}
          <Failure error={formError(error, FIELDS_WITH_ERRORS)} />
          <div className="flex flex-wrap items-center gap-3">
            <Button needs="define" type="submit" tone="main" isBusy={isBusy}>
              Save rule
            </Button>
            {note}
          </div>
        </form>
      </Panel>
      <Simulation rule={rule} />
      {isAsking && (
        <ConfirmAllow
          rule={rule}
          scope={scopeOf(draft, services, agents)}
          isBusy={isBusy}
          error={error}
          onConfirm={() => {
            setIsAsking(false);
            onSave(draft);
          }}
          onClose={() => setIsAsking(false)}
        />
      )}
      <Leaving isChanged={isChanged} onDiscard={() => forgetDraft(draftKey)} />
    </div>
  );
}

/** Asks before unsaved changes are left. The draft survives the sign-in page. */
function Leaving({ isChanged, onDiscard }: { isChanged: boolean; onDiscard: () => void }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ next }) => isChanged && next.routeId !== '/sign-in',
    // A reload keeps the draft.
    enableBeforeUnload: false,
    withResolver: true,
  });
  if (status !== 'blocked') return null;
  return (
    <Confirm
      title="Discard your changes?"
      action="Discard changes"
      isBusy={false}
      error={null}
      onConfirm={() => {
        onDiscard();
        proceed();
      }}
      onClose={reset}
    >
      <p>Your changes to this rule have not been saved.</p>
    </Confirm>
  );
}

/** Returns the names of the service and the agent that a rule is limited to. */
function scopeOf(draft: RuleDraft, services: Names, agents: Names): string {
  return [
    draft.serviceId !== null && services.of(draft.serviceId),
    draft.agentId !== null && agents.of(draft.agentId),
  ]
    .filter((name) => name !== false)
    .join(', ');
}

function EffectField({
  draft,
  onChange,
}: {
  draft: RuleDraft;
  onChange: (part: Partial<RuleDraft>) => void;
}) {
  return (
    <fieldset className="space-y-2">
      <legend className="text-sm font-medium">Then</legend>
      <div className="grid gap-2 sm:grid-cols-3">
        {EFFECTS.map(([value, name]) => (
          <label
            key={value}
            className="flex min-h-11 items-center gap-2 rounded-md border border-line p-2 text-sm has-checked:border-brand has-checked:ring-1 has-checked:ring-brand"
          >
            <input
              type="radio"
              name="effect"
              value={value}
              checked={draft.effect === value}
              onChange={() => onChange({ effect: value })}
              className="size-4 accent-brand"
            />
            {name}
          </label>
        ))}
      </div>
      <p aria-live="polite" className="text-sm text-soft">
        {EFFECT_DESCRIPTIONS[draft.effect]}
      </p>
    </fieldset>
  );
}

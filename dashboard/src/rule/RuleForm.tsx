/** A rule, to be written. */
import { type FormEvent, type ReactNode, useState } from 'react';
import { type Names, useNames } from '#/names/useNames';
import { fieldError, formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { TextArea } from '#/ui/TextArea';
import { TextField } from '#/ui/TextField';
import { Compile } from './Compile';
import { ConditionField } from './ConditionField';
import { ConfirmAllow } from './ConfirmAllow';
import { type RuleDraft, ruleBody } from './draft';
import { EFFECT_MEANS, EFFECTS } from './effect';
import { Simulation } from './Simulation';
import { allowsEverything } from './unconditional';

const FIELDS_WITH_ERRORS = ['name', 'effect', 'text', 'service_id', 'agent_id'];

/** The form, with the simulation beside it. */
export function RuleForm({
  id,
  initial,
  isBusy,
  error,
  note,
  onSave,
  onChange,
}: {
  /** The rule that is changed; none for a new one. */
  id: number | undefined;
  initial: RuleDraft;
  isBusy: boolean;
  error: unknown;
  /** What stands beside the button. */
  note?: ReactNode;
  onSave: (draft: RuleDraft) => void;
  /** Told when something is typed: what was said of the last attempt is over. */
  onChange: () => void;
}) {
  const [draft, setDraft] = useState(initial);
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
          <TextField
            label="Name"
            required
            maxLength={100}
            value={draft.name}
            error={fieldError(error, 'name')}
            onChange={(event) => change({ name: event.target.value })}
          />
          <EffectField draft={draft} onChange={change} />
          <ConditionField
            condition={draft.condition}
            serviceId={draft.serviceId}
            effect={draft.effect}
            onChange={(condition) => change({ condition })}
          />
          <div className="space-y-3">
            <TextArea
              label="In plain words (optional)"
              rows={2}
              maxLength={2000}
              placeholder="Any charge over $100 requires approval"
              hint="Beside a condition, words only explain it. Without one the language model applies them, where one is configured."
              value={draft.text}
              error={fieldError(error, 'text')}
              onChange={(event) => change({ text: event.target.value })}
            />
            <Compile
              text={draft.text}
              serviceId={draft.serviceId}
              onTake={(condition) => change({ condition })}
            />
          </div>
          <ScopeFields draft={draft} error={error} onChange={change} />
          <CheckField
            label="The rule counts"
            checked={draft.enabled}
            onChange={(event) => change({ enabled: event.target.checked })}
          />
          {isForAll && (
            <p className="text-sm text-warn">
              This rule matches <strong>every</strong> request of its service and agent.
            </p>
          )}
          <Failure error={formError(error, FIELDS_WITH_ERRORS)} />
          <div className="flex flex-wrap items-center gap-3">
            <Button type="submit" tone="main" isBusy={isBusy}>
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
    </div>
  );
}

/** The names of the service and the agent that a rule is limited to. */
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
      <legend className="text-sm font-medium">What it does</legend>
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
        {EFFECT_MEANS[draft.effect]}
      </p>
    </fieldset>
  );
}

function ScopeFields({
  draft,
  error,
  onChange,
}: {
  draft: RuleDraft;
  error: unknown;
  onChange: (part: Partial<RuleDraft>) => void;
}) {
  const { services, agents } = useNames();
  const idOf = (value: string) => (value === '' ? null : Number(value));
  const options = (all: string, of: ReadonlyArray<{ id: number; name: string }>) => [
    ['', all] as const,
    ...of.map(({ id, name }) => [String(id), name] as const),
  ];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Only for the service"
        value={String(draft.serviceId ?? '')}
        options={options('every service', services.all)}
        error={fieldError(error, 'service_id')}
        onChange={(event) => onChange({ serviceId: idOf(event.target.value) })}
      />
      <SelectField
        label="Only for the agent"
        value={String(draft.agentId ?? '')}
        options={options('every agent', agents.all)}
        error={fieldError(error, 'agent_id')}
        onChange={(event) => onChange({ agentId: idOf(event.target.value) })}
      />
    </div>
  );
}

/** The builder of a rule: who asks for what, and under which conditions. */
import { Plus } from 'lucide-react';
import { useId, useState } from 'react';
import { ALL_EFFECTS, EFFECTS, isEffect } from '#/action/effect';
import { useNames } from '#/names/useNames';
import { fieldError } from '#/session/client';
import { plainText } from '#/text/markdown';
import { visibleText } from '#/text/visible';
import { Button } from '#/ui/Button';
import { FIELD, Field } from '#/ui/Field';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import { type Built, conditionOf, type FieldRef, readBuilt, type Target, type Test } from './built';
import type { RuleDraft } from './draft';
import {
  fieldName,
  initialValues,
  keyOf,
  type OfferedField,
  offeredFields,
  operatorsOf,
} from './fields';
import { TestRow } from './TestRow';
import { useDocumented, type Vocabulary } from './useDocumented';
import { documented } from './vocabulary';

/** Longer descriptions are cut: they explain a field, next to its comparison. */
const INFO_CHARACTERS_MAX = 160;

/** Shows who a rule is for and what it matches. */
export function Builder({
  draft,
  error,
  onChange,
}: {
  draft: RuleDraft;
  error: unknown;
  onChange: (part: Partial<RuleDraft>) => void;
}) {
  const built = readBuilt(draft.condition);
  return (
    <fieldset className="space-y-3">
      <legend className="mb-1 text-sm font-medium">When</legend>
      <ScopeFields draft={draft} error={error} onChange={onChange} />
      {built ? (
        <Conditions
          built={built}
          serviceId={draft.serviceId}
          isStrict={draft.effect !== 'allow'}
          onChange={(next) => onChange({ condition: conditionOf(next) })}
        />
      ) : (
        <div className="space-y-2 rounded-md border border-line bg-page p-3 text-sm">
          <p>The builder cannot show this condition. Edit it as CEL below, or replace it.</p>
          <Button onClick={() => onChange({ condition: '' })}>Replace condition</Button>
        </div>
      )}
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
    ...of.map(({ id, name }) => [String(id), visibleText(name)] as const),
  ];
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Agent"
        value={String(draft.agentId ?? '')}
        options={options('Any agent', agents.all)}
        error={fieldError(error, 'agent_id')}
        onChange={(event) => onChange({ agentId: idOf(event.target.value) })}
      />
      <SelectField
        label="Service"
        value={String(draft.serviceId ?? '')}
        options={options('Any service', services.all)}
        error={fieldError(error, 'service_id')}
        onChange={(event) => onChange({ serviceId: idOf(event.target.value) })}
      />
    </div>
  );
}

function Conditions({
  built,
  serviceId,
  isStrict,
  onChange,
}: {
  built: Built;
  serviceId: number | null;
  /** Whether the rule matches what it cannot determine. */
  isStrict: boolean;
  onChange: (built: Built) => void;
}) {
  const operationId = built.target.kind === 'operation' ? built.target.id : null;
  const vocabulary = useDocumented(serviceId, operationId);
  const own = vocabulary.operations.filter(({ id }) => id === operationId);
  const offered = offeredFields(own.length > 0 ? documented(own) : vocabulary.known);
  const changeTest = (at: number, test: Test | null) =>
    onChange({
      ...built,
      tests: built.tests.flatMap((each, index) => (index !== at ? [each] : test ? [test] : [])),
    });
  return (
    <>
      <TargetFields
        target={built.target}
        vocabulary={vocabulary}
        onChange={(target) => onChange({ ...built, target })}
      />
      {isStrict && ['operation', 'effect'].includes(built.target.kind) && (
        <p className="text-sm text-soft">
          Undocumented requests match too, because the rule may be meant for them.
        </p>
      )}
      {built.tests.length > 0 && (
        <ul aria-label="Conditions" className="space-y-2">
          {built.tests.map((test, at) => (
            <TestRow
              // biome-ignore lint/suspicious/noArrayIndexKey: two conditions may be the same
              key={`${at} ${keyOf(test.field)}`}
              test={test}
              offered={offered.find(({ field }) => keyOf(field) === keyOf(test.field))}
              onChange={(next) => changeTest(at, next)}
              onRemove={() => changeTest(at, null)}
            />
          ))}
        </ul>
      )}
      <AddTest
        offered={offered}
        onAdd={(field) => {
          const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
          const [operator = 'is'] = operatorsOf(field);
          const test = { field: field.field, operator, values: initialValues(operator, zone) };
          onChange({ ...built, tests: [...built.tests, test] });
        }}
      />
    </>
  );
}

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];

function TargetFields({
  target,
  vocabulary,
  onChange,
}: {
  target: Target;
  vocabulary: Vocabulary;
  onChange: (target: Target) => void;
}) {
  const change = (value: string) => {
    const [kind, name = ''] = value.split(' ');
    if (kind === 'method') onChange({ kind, method: name });
    else if (kind === 'effect' && isEffect(name)) onChange({ kind, effect: name });
    else if (kind === 'operation') onChange({ kind, id: '' });
    else onChange({ kind: kind === 'writes' ? kind : 'any' });
  };
  const value = optionOf(target);
  const methods =
    target.kind === 'method' && !METHODS.includes(target.method)
      ? [...METHODS, target.method]
      : METHODS;
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <Field label="Request">
        {(id) => (
          <select
            id={id}
            value={value}
            onChange={(event) => change(event.target.value)}
            className={FIELD}
          >
            <option value="any">Any request</option>
            <option value="writes">Any request except reads</option>
            <option value="operation">An operation…</option>
            <optgroup label="Effect">
              {ALL_EFFECTS.map((effect) => (
                <option key={effect} value={`effect ${effect}`}>
                  {EFFECTS[effect].word}
                </option>
              ))}
            </optgroup>
            <optgroup label="Method">
              {methods.map((method) => (
                <option key={method} value={`method ${method}`}>
                  {visibleText(method)}
                </option>
              ))}
            </optgroup>
          </select>
        )}
      </Field>
      {target.kind === 'operation' && (
        <OperationField
          id={target.id}
          vocabulary={vocabulary}
          onChange={(id) => onChange({ kind: 'operation', id })}
        />
      )}
    </div>
  );
}

/** Returns the value of the option for a target. */
function optionOf(target: Target): string {
  if (target.kind === 'method') return `method ${target.method}`;
  return target.kind === 'effect' ? `effect ${target.effect}` : target.kind;
}

function OperationField({
  id,
  vocabulary: { operations, isPartial },
  onChange,
}: {
  id: string;
  vocabulary: Vocabulary;
  onChange: (id: string) => void;
}) {
  const listId = useId();
  const chosen = operations.find((operation) => operation.id === id);
  const isUnknown = id !== '' && !chosen && !isPartial;
  return (
    <div>
      <TextField
        label="Operation"
        list={listId}
        value={id}
        placeholder="Type to search"
        hint={
          chosen
            ? visibleText(`${chosen.method} ${chosen.path}`)
            : isUnknown && <span className="text-warn">No document describes this operation.</span>
        }
        onChange={(event) => onChange(event.target.value)}
      />
      <datalist id={listId}>
        {operations.map((operation) => (
          <option
            key={`${operation.method} ${operation.path} ${operation.id}`}
            value={operation.id}
            label={visibleText(`${operation.summary ?? operation.method} (${operation.path})`)}
          />
        ))}
      </datalist>
    </div>
  );
}

/** The option for a field that no document names. */
const OTHER = 'other';

function AddTest({
  offered,
  onAdd,
}: {
  offered: readonly OfferedField[];
  onAdd: (field: OfferedField) => void;
}) {
  const [isTyping, setIsTyping] = useState(false);
  const choose = (key: string) => {
    if (key === OTHER) return setIsTyping(true);
    const field = offered.find((one) => keyOf(one.field) === key);
    if (field) onAdd(field);
  };
  const groups = [
    ['Body', offered.filter(({ field }) => field.place === 'body')],
    ['Query', offered.filter(({ field }) => field.place === 'query')],
    ['Headers', offered.filter(({ field }) => field.place === 'headers')],
    ['Every request', offered.filter(({ field }) => !('path' in field))],
  ] as const;
  return (
    <>
      <Field label="Add a condition on">
        {(id) => (
          <select
            id={id}
            value=""
            onChange={(event) => choose(event.target.value)}
            className={FIELD}
          >
            <option value="">Choose a field…</option>
            {groups.map(
              ([label, fields]) =>
                fields.length > 0 && (
                  <optgroup key={label} label={label}>
                    {fields.map((field) => (
                      <option key={keyOf(field.field)} value={keyOf(field.field)}>
                        {optionText(field)}
                      </option>
                    ))}
                  </optgroup>
                ),
            )}
            <option value={OTHER}>Another field of the body…</option>
          </select>
        )}
      </Field>
      {isTyping && (
        <OtherField
          onAdd={(field) => {
            setIsTyping(false);
            onAdd({ field, kind: null, info: null, values: [] });
          }}
        />
      )}
    </>
  );
}

function optionText({ field, info }: OfferedField): string {
  const text = plainText(info ?? '').split('\n')[0] ?? '';
  const name = fieldName(field);
  return visibleText(text === '' ? name : `${name}: ${text.slice(0, INFO_CHARACTERS_MAX)}`);
}

function OtherField({ onAdd }: { onAdd: (field: FieldRef) => void }) {
  const [name, setName] = useState('');
  const path = name
    .trim()
    .split('.')
    .filter((part) => part !== '');
  const add = () => path.length > 0 && onAdd({ place: 'body', path });
  return (
    <div className="flex items-end gap-2">
      <div className="min-w-0 flex-1">
        <TextField
          label="Name of the field"
          placeholder="card.number"
          autoFocus
          value={name}
          onChange={(event) => setName(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            // Enter would save the rule.
            event.preventDefault();
            add();
          }}
        />
      </div>
      <Button disabled={path.length === 0} onClick={add}>
        <Plus aria-hidden className="size-4" /> Add
      </Button>
    </div>
  );
}

/** The role of a member, and the limits of an approver. */
import { useQuery } from '@tanstack/react-query';
import { ALL_EFFECTS, EFFECTS } from '#/action/effect';
import type { OperationEffect, Role } from '#/client';
import { listServicesOptions } from '#/client/@tanstack/react-query.gen';
import { fieldError } from '#/session/client';
import { ROLES } from '#/session/permission';
import { Visible } from '#/text/Visible';
import { CheckField } from '#/ui/CheckField';
import { Failure } from '#/ui/Failure';
import { SelectField } from '#/ui/SelectField';

/** A role with its limits; null for no limit. */
export interface Rights {
  role: Role;
  services: number[] | null;
  effects: OperationEffect[] | null;
}

const ROLE_OPTIONS = Object.entries(ROLES).map(([role, [name]]) => [role, name] as const);

/** Returns the rights as the API takes them: only an approver has limits. */
export function rightsBody({ role, services, effects }: Rights): Rights {
  const isLimited = role === 'approver';
  return { role, services: isLimited ? services : null, effects: isLimited ? effects : null };
}

/** Returns whether a limit has been chosen but is still empty. */
export function isIncomplete({ role, services, effects }: Rights): boolean {
  return role === 'approver' && (services?.length === 0 || effects?.length === 0);
}

/** Shows the fields. */
export function RightsFields({
  rights,
  error,
  onChange,
}: {
  rights: Rights;
  error: unknown;
  onChange: (rights: Rights) => void;
}) {
  const { role, services, effects } = rights;
  return (
    <>
      <SelectField
        label="Role"
        options={ROLE_OPTIONS}
        hint={ROLES[role][1]}
        error={fieldError(error, 'role')}
        value={role}
        onChange={({ target }) => onChange({ ...rights, role: target.value as Role })}
      />
      {role === 'approver' && (
        <>
          <CheckField
            label="Only some services"
            hint="Requests to other services can be read, but not decided on."
            checked={services !== null}
            onChange={({ target }) => onChange({ ...rights, services: target.checked ? [] : null })}
          />
          {services && (
            <ServiceLimit
              chosen={services}
              onChange={(chosen) => onChange({ ...rights, services: chosen })}
            />
          )}
          <Failure>{fieldError(error, 'services')}</Failure>
          <CheckField
            label="Only some effects"
            hint="A request counts by its most severe effect, which its card shows."
            checked={effects !== null}
            onChange={({ target }) => onChange({ ...rights, effects: target.checked ? [] : null })}
          />
          {effects && (
            <Choices
              legend="Effects"
              options={ALL_EFFECTS.map((effect) => [effect, EFFECTS[effect].word] as const)}
              chosen={effects}
              onChange={(chosen) => onChange({ ...rights, effects: chosen })}
            />
          )}
        </>
      )}
    </>
  );
}

function ServiceLimit({
  chosen,
  onChange,
}: {
  chosen: number[];
  onChange: (chosen: number[]) => void;
}) {
  const services = useQuery(listServicesOptions());
  return (
    <>
      <Failure error={services.error} onRetry={services.refetch} />
      {services.data?.length === 0 && <p className="text-sm text-soft">No services yet.</p>}
      <Choices
        legend="Services"
        options={services.data?.map(({ id, name }) => [id, name] as const) ?? []}
        chosen={chosen}
        onChange={onChange}
      />
    </>
  );
}

function Choices<Value extends string | number>({
  legend,
  options,
  chosen,
  onChange,
}: {
  legend: string;
  options: ReadonlyArray<readonly [Value, string]>;
  chosen: Value[];
  onChange: (chosen: Value[]) => void;
}) {
  return (
    <fieldset className="max-h-60 space-y-2 overflow-y-auto rounded-md border border-line p-3">
      <legend className="sr-only">{legend}</legend>
      {options.map(([value, name]) => (
        <CheckField
          key={value}
          label={<Visible text={name} />}
          checked={chosen.includes(value)}
          onChange={({ target }) =>
            onChange(
              target.checked ? [...chosen, value] : chosen.filter((other) => other !== value),
            )
          }
        />
      ))}
    </fieldset>
  );
}

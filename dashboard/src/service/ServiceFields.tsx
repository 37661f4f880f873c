/** The name, base URL, description, and credential type of a service. */
import { useRef, useState } from 'react';
import type { AuthType } from '#/client';
import { fieldError } from '#/session/client';
import { Button } from '#/ui/Button';
import { SelectField } from '#/ui/SelectField';
import { TextArea } from '#/ui/TextArea';
import { TextField } from '#/ui/TextField';
import { AUTH_TYPES } from './credential';
import { betterName } from './slug';

/** The values of the fields. */
export interface ServiceDraft {
  name: string;
  baseUrl: string;
  authType: AuthType;
  description: string;
}

/** Fields whose validation errors are shown next to them. */
export const SERVICE_FIELDS = ['name', 'baseUrl', 'authType', 'description'];

/** Returns the service as the API takes it. */
export function serviceBody(draft: ServiceDraft) {
  return {
    name: draft.name.trim(),
    baseUrl: draft.baseUrl.trim(),
    authType: draft.authType,
    description: draft.description.trim() === '' ? null : draft.description,
  };
}

/** Shows the fields. */
export function ServiceFields({
  draft,
  error,
  onChange,
}: {
  draft: ServiceDraft;
  error: unknown;
  onChange: (draft: ServiceDraft) => void;
}) {
  const bind = (field: keyof ServiceDraft) => ({
    value: draft[field],
    error: fieldError(error, field),
    onChange: (event: { target: { value: string } }) =>
      onChange({ ...draft, [field]: event.target.value }),
  });
  const better = betterName(draft.name);
  const name = useRef<HTMLDivElement>(null);
  const [wasDescribed] = useState(draft.description !== '');
  return (
    <>
      <TextField
        label="Base URL"
        required
        type="url"
        inputMode="url"
        placeholder="https://api.example.com/v1"
        hint="Agents can only call paths below it"
        {...bind('baseUrl')}
      />
      <div ref={name} className="space-y-1">
        <TextField label="Name" required maxLength={100} placeholder="stripe" {...bind('name')} />
        {better && (
          <Button
            onClick={() => {
              onChange({ ...draft, name: better });
              // The button disappears, and the name is what it changed.
              name.current?.querySelector('input')?.focus();
            }}
          >
            Use “{better}” instead
          </Button>
        )}
      </div>
      <details open={wasDescribed}>
        <summary className="py-1 text-sm font-medium">Description (optional)</summary>
        <TextArea label="Description" maxLength={2000} rows={2} {...bind('description')} />
      </details>
      <SelectField label="Credential" options={AUTH_TYPES} {...bind('authType')} />
    </>
  );
}

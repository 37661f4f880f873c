/** What a service is called, where it is and how a credential is presented to it. */
import type { AuthType } from '#/client';
import { fieldError } from '#/session/client';
import { SelectField } from '#/ui/SelectField';
import { TextArea } from '#/ui/TextArea';
import { TextField } from '#/ui/TextField';
import { AUTH_TYPES } from './credential';

/** What stands in the fields. */
export interface ServiceDraft {
  name: string;
  baseUrl: string;
  authType: AuthType;
  description: string;
}

/** What a refusal may name, so that it is told beside the field. */
export const SERVICE_FIELDS = ['name', 'baseUrl', 'authType', 'description'];

/** What the gateway is told. */
export function serviceBody(draft: ServiceDraft) {
  return {
    name: draft.name.trim(),
    baseUrl: draft.baseUrl.trim(),
    authType: draft.authType,
    description: draft.description.trim() === '' ? null : draft.description,
  };
}

/** The fields. */
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
  return (
    <>
      <TextField
        label="Name"
        required
        maxLength={100}
        hint="Short: agents and rules use it."
        {...bind('name')}
      />
      <TextField
        label="Base URL"
        required
        type="url"
        inputMode="url"
        placeholder="https://api.example.com/v1"
        hint="Everything that agents send goes below it, and nowhere else."
        {...bind('baseUrl')}
      />
      <TextArea label="Description (optional)" maxLength={2000} rows={2} {...bind('description')} />
      <SelectField label="Credential" options={AUTH_TYPES} {...bind('authType')} />
    </>
  );
}

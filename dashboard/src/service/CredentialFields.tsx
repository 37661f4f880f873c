/** The write-only fields of a credential. */
import { fieldError } from '#/session/client';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import type { CredentialField, CredentialForm } from './credential';

/** The values typed so far. */
export interface TypedCredential {
  way: string;
  values: Readonly<Record<string, string>>;
}

/** The initial value. */
export const NOTHING_TYPED: TypedCredential = { way: '', values: {} };

/** Returns the form to show. */
export function shownForm(forms: readonly CredentialForm[], typed: TypedCredential) {
  return forms.find(({ name }) => name === typed.way) ?? forms[0];
}

/** Returns the names of these fields in validation errors. */
export function credentialFieldNames(form: CredentialForm | undefined): string[] {
  return (form?.fields ?? []).flatMap(({ key }) => [key, `credentials.${key}`]);
}

/** Shows the fields. */
export function CredentialFields({
  forms,
  typed,
  isRequired,
  error,
  onChange,
}: {
  forms: readonly CredentialForm[];
  typed: TypedCredential;
  isRequired: boolean;
  error: unknown;
  onChange: (typed: TypedCredential) => void;
}) {
  const form = shownForm(forms, typed);
  if (!form) return null;
  const special = form.fields.filter(({ isSpecial }) => isSpecial);
  const errorOf = (key: string) =>
    fieldError(error, key) ?? fieldError(error, `credentials.${key}`);
  const set = (key: string, value: string) =>
    onChange({ ...typed, values: { ...typed.values, [key]: value } });
  const input = ({ key, label, isSecret, isOptional, options, placeholder }: CredentialField) => {
    const value = typed.values[key] ?? '';
    return options ? (
      <SelectField
        key={key}
        label={label}
        value={value}
        options={options}
        error={errorOf(key)}
        onChange={(event) => set(key, event.target.value)}
      />
    ) : (
      <TextField
        key={key}
        label={isOptional ? `${label} (optional)` : label}
        type={isSecret ? 'password' : 'text'}
        autoComplete={isSecret ? 'new-password' : 'off'}
        spellCheck={false}
        placeholder={placeholder}
        required={isRequired && !isOptional}
        maxLength={8192}
        value={value}
        error={errorOf(key)}
        onChange={(event) => set(key, event.target.value)}
      />
    );
  };
  return (
    <>
      {forms.length > 1 && (
        <SelectField
          label="Format"
          value={form.name}
          options={forms.map(({ name }) => [name, name] as const)}
          onChange={(event) => onChange({ ...typed, way: event.target.value })}
        />
      )}
      {form.fields.filter(({ isSpecial }) => !isSpecial).map(input)}
      {special.length > 0 && (
        <details open={special.some(({ key }) => errorOf(key) !== undefined) || undefined}>
          <summary className="cursor-pointer text-sm font-medium">
            Additional provider settings
          </summary>
          <div className="mt-4 space-y-4">{special.map(input)}</div>
        </details>
      )}
      <p className="text-sm text-soft">
        Stored encrypted, and never shown again. Agents never see it.
      </p>
    </>
  );
}

/** A drop-down list. */
import type { ComponentProps, ReactNode } from 'react';
import { FIELD, Field } from './Field';

/** Shows a labeled drop-down list. */
export function SelectField({
  label,
  hint,
  error,
  options,
  ...rest
}: ComponentProps<'select'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  options: ReadonlyArray<readonly [value: string, text: string]>;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, describedBy) => (
        <select
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          {...rest}
          className={FIELD}
        >
          {options.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

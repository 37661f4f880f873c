/** A single-line text field. */
import type { ComponentProps, ReactNode } from 'react';
import { FIELD, Field } from './Field';

/** Shows a labeled text field. */
export function TextField({
  label,
  hint,
  error,
  ...rest
}: ComponentProps<'input'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, describedBy) => (
        <input
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          autoComplete="off"
          {...rest}
          className={`${FIELD} ${rest.className ?? ''}`}
        />
      )}
    </Field>
  );
}

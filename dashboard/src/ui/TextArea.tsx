/** A multi-line text field. */
import type { ComponentProps, ReactNode } from 'react';
import { FIELD, Field } from './Field';

/** Shows a labeled text area. */
export function TextArea({
  label,
  hint,
  error,
  className = '',
  ...rest
}: ComponentProps<'textarea'> & {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(id, describedBy) => (
        <textarea
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error ? true : undefined}
          rows={3}
          {...rest}
          className={`${FIELD} ${className}`}
        />
      )}
    </Field>
  );
}

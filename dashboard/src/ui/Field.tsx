/** The label, hint and error around a form control. */
import { type ReactNode, useId } from 'react';

/** The classes of a text field. */
export const FIELD =
  'w-full min-h-10 rounded-md border border-line bg-page px-3 py-1.5 text-base text-ink placeholder:text-soft sm:text-sm';

/** Shows a labeled field. `children` gets the control's id and the ids of its descriptions. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  children: (id: string, describedBy: string | undefined) => ReactNode;
}) {
  const id = useId();
  const hintId = hint ? `${id}-hint` : undefined;
  const errorId = error ? `${id}-error` : undefined;
  const describedBy = [errorId, hintId].filter(Boolean).join(' ') || undefined;
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      {children(id, describedBy)}
      {error && (
        <p id={errorId} role="alert" className="text-sm break-words text-bad">
          {error}
        </p>
      )}
      {hint && (
        <p id={hintId} className="text-sm text-soft">
          {hint}
        </p>
      )}
    </div>
  );
}

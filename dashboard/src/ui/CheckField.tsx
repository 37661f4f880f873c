/** A check box. */
import type { ComponentProps, ReactNode } from 'react';
import { useId } from 'react';

/** Shows a check box with a label and a hint. */
export function CheckField({
  label,
  hint,
  ...rest
}: ComponentProps<'input'> & { label: ReactNode; hint?: ReactNode }) {
  const id = useId();
  return (
    <div className="flex gap-2.5">
      <input
        id={id}
        type="checkbox"
        aria-describedby={hint ? `${id}-hint` : undefined}
        {...rest}
        className="mt-0.5 size-5 shrink-0 accent-brand"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block text-sm font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-sm break-words text-soft">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

/** A note to the agent. */
import { type ComponentProps, useId } from 'react';
import { FIELD } from '#/ui/Field';

/** The longest note that the gateway takes, in characters. */
const NOTE_CHARACTERS_MAX = 2_000;

/** Shows the field. Enter submits; Shift+Enter starts a new line. */
export function NoteField({
  label = 'Note to the agent (optional)',
  onSubmit,
  onKeyDown,
  ...rest
}: Omit<ComponentProps<'textarea'>, 'onSubmit'> & { label?: string; onSubmit?: () => void }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="block text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        rows={2}
        maxLength={NOTE_CHARACTERS_MAX}
        autoComplete="off"
        onKeyDown={(event) => {
          onKeyDown?.(event);
          if (event.key !== 'Enter' || event.shiftKey || !onSubmit) return;
          event.preventDefault();
          // A held key must not decide, and Enter may choose a word of an input method.
          if (!event.repeat && !event.nativeEvent.isComposing) onSubmit();
        }}
        {...rest}
        className={`mt-1 ${FIELD}`}
      />
    </div>
  );
}

/** The form that denies a request, with a note to the agent. */
import { type FormEvent, type KeyboardEvent, useEffect, useRef } from 'react';
import type { Action } from '#/client';
import { Button } from '#/ui/Button';
import { BlockMenu } from './BlockMenu';
import type { Submission } from './Decisions';
import { NoteField } from './NoteField';

/** The most frequent reasons. */
const REASONS = ['Wrong recipient', 'Too much', 'Ask me first'] as const;

/** Shows the form. Enter submits it; Shift+Enter starts a new line. */
export function DenyForm({
  action,
  submission,
  isDisabled,
  note,
  onNote,
  onCancel,
  onDeny,
}: {
  action: Action;
  submission: Submission | undefined;
  isDisabled: boolean;
  /** Kept by the caller, because a decision whose outcome is unknown replaces the form. */
  note: string;
  onNote: (note: string) => void;
  onCancel: () => void;
  onDeny: (note: string, isBlocking: boolean) => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const deny = (isBlocking: boolean) => {
    if (!isDisabled) onDeny(note, isBlocking);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    deny(false);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onCancel();
  };
  const write = (reason: string) => {
    // Another reason takes the place of one of these, but not of the user's own words.
    const isOwn = note.trim() !== '' && !REASONS.some((one) => note === `${one}.`);
    onNote(isOwn ? `${note.trimEnd()} ${reason}.` : `${reason}.`);
    field.current?.focus();
  };
  return (
    <form aria-label="Deny" onSubmit={submit} onKeyDown={onKeyDown} className="space-y-2">
      <NoteField
        ref={field}
        value={note}
        onChange={({ target }) => onNote(target.value)}
        onSubmit={() => deny(false)}
      />
      <div className="flex flex-wrap gap-2">
        {REASONS.map((reason) => (
          <button
            key={reason}
            type="button"
            onClick={() => write(reason)}
            className="min-h-8 rounded-full border border-line px-3 text-sm hover:bg-raised"
          >
            {reason}
          </button>
        ))}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          type="submit"
          tone="bad"
          isBusy={submission?.kind === 'deny'}
          disabled={submission !== undefined}
          aria-disabled={isDisabled}
          className="min-h-12 flex-1"
        >
          Deny
        </Button>
        <Button onClick={onCancel} className="min-h-12">
          Cancel
        </Button>
        <BlockMenu
          action={action}
          isBusy={submission?.kind === 'block'}
          isDisabled={submission !== undefined || isDisabled}
          onBlock={() => deny(true)}
        />
      </div>
    </form>
  );
}

/** The form with which an owner approves alone, without the approvals that a request requires. */
import { type FormEvent, useEffect, useRef } from 'react';
import type { Action } from '#/client';
import { Button } from '#/ui/Button';
import type { Submission } from './Decisions';
import { NoteField } from './NoteField';

/** Shows the form. The note is required: it says why the others could not be asked. */
export function BreakGlass({
  action,
  submission,
  isDisabled,
  note,
  onNote,
  onCancel,
  onApprove,
}: {
  action: Action;
  submission: Submission | undefined;
  isDisabled: boolean;
  note: string;
  onNote: (note: string) => void;
  onCancel: () => void;
  onApprove: () => void;
}) {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);
  const isMissing = note.trim() === '';
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!isDisabled && !isMissing) onApprove();
  };
  const { needed, given } = action.approvals;
  return (
    <form
      aria-label="Approve alone"
      onSubmit={submit}
      onKeyDown={({ key }) => key === 'Escape' && onCancel()}
      className="space-y-2"
    >
      <p className="text-sm text-bad">
        This request has {given} of {needed} approvals. If you approve alone, the request is
        released, and your approval is marked in the audit log.
      </p>
      <NoteField
        ref={field}
        label="Why the others cannot be asked (also shown to the agent)"
        required
        value={note}
        onChange={({ target }) => onNote(target.value)}
      />
      <div className="flex flex-wrap gap-2">
        <Button
          type="submit"
          tone="bad"
          isBusy={submission?.kind === 'approve'}
          disabled={submission !== undefined}
          aria-disabled={isDisabled || isMissing}
          className="min-h-12 flex-1"
        >
          Approve alone
        </Button>
        <Button onClick={onCancel} className="min-h-12">
          Cancel
        </Button>
      </div>
    </form>
  );
}

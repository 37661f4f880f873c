/** The form that changes the user's password. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changePasswordMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError } from '#/session/client';
import { Button } from '#/ui/Button';
import { PasswordField } from '#/ui/PasswordField';
import { SaveRow } from '#/ui/SaveRow';

const FIELDS = ['currentPassword', 'newPassword'] as const;

/** Shows a button, then the form. */
export function Password() {
  const [isOpen, setIsOpen] = useState(false);
  if (isOpen) return <PasswordForm />;
  return <Button onClick={() => setIsOpen(true)}>Change password…</Button>;
}

function PasswordForm() {
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const queries = useQueryClient();
  const change = useMutation({
    ...changePasswordMutation(),
    // The cache must not keep the passwords once the page is left.
    gcTime: 0,
    onSuccess: async () => {
      setCurrent('');
      setNext('');
      await queries.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ body: { currentPassword: current, newPassword: next } });
  };
  return (
    <form onSubmit={submit} onChange={change.reset} className="space-y-4">
      <h3 className="text-sm font-semibold">Change password</h3>
      <PasswordField
        label="Current password"
        autoComplete="current-password"
        autoFocus
        required
        // As the API accepts: a password may be older than the limit for new ones.
        maxLength={4096}
        value={current}
        error={fieldError(change.error, 'currentPassword')}
        onChange={(event) => setCurrent(event.target.value)}
      />
      <PasswordField
        label="New password"
        autoComplete="new-password"
        required
        minLength={8}
        hint="At least 8 characters. Common passwords are refused. All other devices are signed out."
        value={next}
        error={fieldError(change.error, 'newPassword')}
        onChange={(event) => setNext(event.target.value)}
      />
      <SaveRow save={change} fields={FIELDS} needs="account">
        Save password
      </SaveRow>
    </form>
  );
}

/** Passkeys: how the user adds and removes them. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { addPasskey, beginPasskey, type Passkey } from '#/client';
import {
  getRegistrationOptions,
  listPasskeysInfiniteOptions,
  listPasskeysInfiniteQueryKey,
  removePasskeyMutation,
} from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { createPasskey, hasPasskeys, passkeyFailure } from '#/session/passkey';
import { browserName } from '#/text/browser';
import { dateTime, timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { useNow } from '#/ui/now';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';
import { PasswordField } from '#/ui/PasswordField';
import { TextField } from '#/ui/TextField';

/** Lists the passkeys, if there can be any. */
export function Passkeys() {
  const ways = useQuery(getRegistrationOptions());
  const passkeys = useInfiniteQuery({
    ...listPasskeysInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [isAdding, setIsAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  if (!ways.data?.passkeys || !hasPasskeys()) return null;
  return (
    <Panel
      title="Passkeys"
      actions={!isAdding && <Button onClick={() => setIsAdding(true)}>Add a passkey…</Button>}
    >
      {isAdding && <AddPasskey onDone={() => setIsAdding(false)} />}
      <Pages
        query={passkeys}
        empty={
          <p className="text-sm text-soft">
            With a passkey, you sign in with your fingerprint, face, or PIN, and without a password.
          </p>
        }
      >
        {(all) => (
          <ul aria-label="Passkeys" className="divide-y divide-line">
            {all.map((passkey) => (
              <PasskeyItem
                key={passkey.id}
                passkey={passkey}
                onRemove={() => setRemoving(passkey)}
              />
            ))}
          </ul>
        )}
      </Pages>
      {removing && <RemovePasskey passkey={removing} onClose={() => setRemoving(null)} />}
    </Panel>
  );
}

function PasskeyItem({ passkey, onRemove }: { passkey: Passkey; onRemove: () => void }) {
  const now = useNow();
  const { name, createdAt, lastUsedAt } = passkey;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm">
      <span className="min-w-0">
        <span className="font-medium">
          <Visible text={name} />
        </span>
        <span className="block text-soft">
          Added {dateTime(createdAt)}.{' '}
          {lastUsedAt === null ? 'Never used.' : `Last used ${timeAgo(lastUsedAt, now)}.`}
        </span>
      </span>
      <Button onClick={onRemove}>Remove…</Button>
    </li>
  );
}

function AddPasskey({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState(browserName(navigator.userAgent));
  const [password, setPassword] = useState('');
  const queries = useQueryClient();
  const add = useMutation({
    mutationFn: async () => {
      const body = password === '' ? {} : { password };
      const { data: options } = await beginPasskey({ body, throwOnError: true });
      const made = await createPasskey(options);
      await addPasskey({ body: { name, ...made }, throwOnError: true });
    },
    // The cache must not keep the password once the page is left.
    gcTime: 0,
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: listPasskeysInfiniteQueryKey() });
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const refusal = passkeyFailure(add.error);
  return (
    <form onSubmit={submit} onChange={add.reset} className="mb-4 space-y-4">
      <TextField
        label="Name"
        required
        maxLength={100}
        hint="To recognize the passkey later."
        value={name}
        error={fieldError(add.error, 'name')}
        onChange={(event) => setName(event.target.value)}
      />
      <PasswordField
        label="Password"
        autoComplete="current-password"
        maxLength={4096}
        hint="Leave it empty if your account does not have a password."
        value={password}
        error={fieldError(add.error, 'password')}
        onChange={(event) => setPassword(event.target.value)}
      />
      {refusal ? (
        <Failure>{refusal}</Failure>
      ) : (
        <Failure error={formError(add.error, ['name', 'password'])} />
      )}
      <div className="flex gap-2">
        <Button type="submit" tone="main" isBusy={add.isPending}>
          Add passkey
        </Button>
        <Button onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function RemovePasskey({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    ...removePasskeyMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: listPasskeysInfiniteQueryKey() }),
  });
  return (
    <Confirm
      title="Remove this passkey?"
      action="Remove passkey"
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ path: { id: passkey.id } })}
      onClose={onClose}
    >
      <p>
        “<Visible text={passkey.name} />” can no longer be used to sign in. Remove it from the
        device too.
      </p>
    </Confirm>
  );
}

/** One-time codes: how the user sets them up and removes them. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import {
  beginSecondFactorMutation,
  confirmSecondFactorMutation,
  getSecondFactorOptions,
  getSecondFactorQueryKey,
  listSessionsInfiniteQueryKey,
  removeSecondFactorMutation,
  replaceRecoveryCodesMutation,
} from '#/client/@tanstack/react-query.gen';
import { fieldError } from '#/session/client';
import { dateTime } from '#/text/time';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Modal } from '#/ui/Modal';
import { Panel } from '#/ui/Panel';
import { PasswordField } from '#/ui/PasswordField';
import { QrCode } from '#/ui/QrCode';
import { SaveRow } from '#/ui/SaveRow';
import { TextField } from '#/ui/TextField';

/** How many characters of the secret are shown together. */
const GROUP = /.{1,4}/g;

/** Shows whether one-time codes are set up, and the forms that change that. */
export function SecondFactor() {
  const factor = useQuery(getSecondFactorOptions());
  const queries = useQueryClient();
  const [open, setOpen] = useState<'set-up' | 'replace' | 'remove' | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const changed = (shown: readonly string[] | null) => {
    setOpen(null);
    setCodes(shown);
    void queries.invalidateQueries({ queryKey: getSecondFactorQueryKey() });
    void queries.invalidateQueries({ queryKey: listSessionsInfiniteQueryKey() });
  };
  return (
    <Panel title="One-time codes">
      {factor.isPending && <Loading />}
      <Failure error={factor.error} onRetry={factor.refetch} />
      {factor.data?.enabled === false && open === null && (
        <>
          <p className="mb-3 text-sm text-soft">
            With one-time codes, signing in with your password also requires a code from an app on
            your phone.
          </p>
          <Button onClick={() => setOpen('set-up')}>Set up one-time codes…</Button>
        </>
      )}
      {factor.data?.enabled && open === null && (
        <>
          <p className="mb-3 text-sm">
            Set up{factor.data.enabledAt && ` ${dateTime(factor.data.enabledAt)}`}.{' '}
            {factor.data.recoveryCodesLeft} recovery codes left.
          </p>
          <div className="flex flex-wrap gap-2">
            <Button onClick={() => setOpen('replace')}>Replace recovery codes…</Button>
            <Button onClick={() => setOpen('remove')}>Remove one-time codes…</Button>
          </div>
        </>
      )}
      {open === 'set-up' && <SetUp onDone={changed} />}
      {open === 'replace' && <Replace onDone={changed} />}
      {open === 'remove' && <Remove onDone={() => changed(null)} />}
      {codes && <RecoveryCodes codes={codes} onStored={() => setCodes(null)} />}
    </Panel>
  );
}

function SetUp({ onDone }: { onDone: (codes: readonly string[]) => void }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  // The cache must not keep the secrets once the page is left.
  const begin = useMutation({
    ...beginSecondFactorMutation(),
    gcTime: 0,
    onSuccess: () => setPassword(''),
  });
  const confirm = useMutation({
    ...confirmSecondFactorMutation(),
    gcTime: 0,
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (begin.data) confirm.mutate({ body: { code } });
    else begin.mutate({ body: { password } });
  };
  if (!begin.data) {
    return (
      <form onSubmit={submit} onChange={begin.reset} className="space-y-4">
        <PasswordField
          label="Password"
          autoComplete="current-password"
          autoFocus
          required
          maxLength={4096}
          value={password}
          error={fieldError(begin.error, 'password')}
          onChange={(event) => setPassword(event.target.value)}
        />
        <SaveRow save={{ ...begin, isSuccess: false }} fields={['password']}>
          Continue
        </SaveRow>
      </form>
    );
  }
  const { secret, uri } = begin.data;
  return (
    <form onSubmit={submit} onChange={confirm.reset} className="space-y-4">
      <p className="text-sm">Scan the QR code with an authenticator app, or enter the secret.</p>
      <QrCode text={uri} label="QR code with the secret" />
      <code data-testid="totp-secret" className="block text-sm break-words select-all">
        {secret.match(GROUP)?.join(' ')}
      </code>
      <CopyButton text={secret} label="Copy secret" />
      <CodeField
        value={code}
        onChange={setCode}
        error={fieldError(confirm.error, 'code')}
        hint="The code that the app shows. All other devices are signed out."
      />
      <SaveRow save={confirm} fields={['code']}>
        Turn on
      </SaveRow>
    </form>
  );
}

function Replace({ onDone }: { onDone: (codes: readonly string[]) => void }) {
  const [code, setCode] = useState('');
  const replace = useMutation({
    ...replaceRecoveryCodesMutation(),
    gcTime: 0,
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replace.mutate({ body: { code } });
  };
  return (
    <form onSubmit={submit} onChange={replace.reset} className="space-y-4">
      <CodeField
        value={code}
        onChange={setCode}
        error={fieldError(replace.error, 'code')}
        hint="A one-time code or a recovery code. Your current recovery codes stop working."
      />
      <SaveRow save={replace} fields={['code']}>
        Replace recovery codes
      </SaveRow>
    </form>
  );
}

function Remove({ onDone }: { onDone: () => void }) {
  const [code, setCode] = useState('');
  const remove = useMutation({
    ...removeSecondFactorMutation(),
    gcTime: 0,
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    remove.mutate({ body: { code } });
  };
  return (
    <form onSubmit={submit} onChange={remove.reset} className="space-y-4">
      <CodeField
        value={code}
        onChange={setCode}
        error={fieldError(remove.error, 'code')}
        hint="A one-time code or a recovery code. Afterwards, your password alone is enough to sign in."
      />
      <SaveRow save={remove} fields={['code']}>
        Remove one-time codes
      </SaveRow>
    </form>
  );
}

function CodeField({
  value,
  onChange,
  error,
  hint,
}: {
  value: string;
  onChange: (code: string) => void;
  error: string | undefined;
  hint: string;
}) {
  return (
    <TextField
      label="Code"
      autoComplete="one-time-code"
      autoFocus
      required
      maxLength={64}
      value={value}
      error={error}
      hint={hint}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}

function RecoveryCodes({ codes, onStored }: { codes: readonly string[]; onStored: () => void }) {
  const [isStored, setIsStored] = useState(false);
  return (
    <Modal title="Store the recovery codes now">
      <div className="space-y-4">
        <p className="text-sm">
          Each code replaces a one-time code once, if you lose your phone. They are not shown again.
        </p>
        <ul
          aria-label="Recovery codes"
          className="grid grid-cols-2 gap-1 rounded-md border border-line bg-page p-3 font-mono text-sm"
        >
          {codes.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <CopyButton text={codes.join('\n')} label="Copy codes" />
        <CheckField
          label="I have stored the codes"
          checked={isStored}
          onChange={(event) => setIsStored(event.target.checked)}
        />
        <div className="flex justify-end">
          <Button tone="main" disabled={!isStored} onClick={onStored}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}

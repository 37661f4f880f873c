import { createFileRoute, redirect, useNavigate, useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { appPath } from '#/gateway';
import { ownPage } from '#/session/next';
import { hasPasskeys, passkeyFailure } from '#/session/passkey';
import {
  beginSingleSignOn,
  isSignedIn,
  ProblemError,
  register,
  registrationState,
  sessionHasEnded,
  signIn,
  signInWithPasskey,
} from '#/session/session';
import { useTitle } from '#/shell/useTitle';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { PasswordField } from '#/ui/PasswordField';
import { TextField } from '#/ui/TextField';

const SIGN_IN = 'Sign in';
const CREATE = 'Create your account';

interface Search {
  /** The page to return to. */
  next?: string | undefined;
}

export const Route = createFileRoute('/sign-in')({
  // A parameter that is not returned here would be passed through unchecked.
  validateSearch: (search: Record<string, unknown>): Search => ({
    next: ownPage(search.next) ?? undefined,
  }),
  beforeLoad: async ({ search }) => {
    if (!(await isSignedIn().catch(() => false))) return;
    throw search.next ? redirect({ href: search.next }) : redirect({ to: '/' });
  },
  loader: registrationState,
  component: SignIn,
});

function SignIn() {
  const registration = Route.useLoaderData();
  const [isNew, setIsNew] = useState(registration.firstAccount);
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [setupCode, setSetupCode] = useState('');
  const [code, setCode] = useState('');
  const [needsCode, setNeedsCode] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const { next } = Route.useSearch();
  const navigate = useNavigate();
  const { history } = useRouter();
  useTitle(0, isNew ? CREATE : SIGN_IN);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setIsBusy(true);
    setError(null);
    try {
      await (isNew ? register(email, password, setupCode) : signIn(email, password, code));
      if (next && !isNew) history.replace(next);
      else await navigate({ to: isNew ? '/set-up' : '/' });
    } catch (failure) {
      const isCodeMissing =
        failure instanceof ProblemError && failure.code === 'second_factor_required';
      if (isCodeMissing) setNeedsCode(true);
      else setError(failure);
      setIsBusy(false);
    }
  };

  const withPasskey = async () => {
    await signInWithPasskey();
    if (next) history.replace(next);
    else await navigate({ to: '/' });
  };

  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-5 p-5">
      <div className="flex items-center gap-3">
        <img src={appPath('icon.svg')} alt="" className="size-12" />
        <div>
          <h1 className="text-2xl font-bold">GaiterGuard</h1>
          <p className="text-sm text-soft">You decide what your agents do.</p>
        </div>
      </div>
      {sessionHasEnded() && !isNew && (
        <p role="status" className="rounded-md border border-warn bg-panel p-3 text-sm">
          Your session has ended. Sign in to continue.
        </p>
      )}
      {registration.singleSignOn && (
        <OtherWay label={`Sign in with ${registration.singleSignOn}`} start={beginSingleSignOn} />
      )}
      {registration.passkeys && hasPasskeys() && !registration.firstAccount && (
        <OtherWay label="Sign in with a passkey" start={withPasskey} />
      )}
      {registration.password && (
        <form onSubmit={submit} className="space-y-4 rounded-lg border border-line bg-panel p-5">
          <h2 className="text-lg font-semibold">{isNew ? CREATE : SIGN_IN}</h2>
          <TextField
            label="Email"
            type="email"
            name="email"
            autoComplete="username"
            autoFocus
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
          <PasswordField
            label="Password"
            name="password"
            autoComplete={isNew ? 'new-password' : 'current-password'}
            required
            minLength={isNew ? 8 : 1}
            hint={isNew ? 'At least 8 characters. Common passwords are refused.' : undefined}
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
          {isNew && registration.setupCodeRequired && (
            <TextField
              label="Setup code"
              name="setup-code"
              required
              maxLength={64}
              hint="The gateway logs it at startup, next to the URL of this page."
              value={setupCode}
              onChange={(event) => setSetupCode(event.target.value)}
            />
          )}
          {needsCode && !isNew && (
            <TextField
              label="Code"
              name="code"
              autoComplete="one-time-code"
              autoFocus
              required
              maxLength={64}
              hint="The one-time code that your authenticator app shows, or a recovery code."
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          )}
          <Failure error={error} />
          <Button type="submit" tone="main" isBusy={isBusy} className="w-full">
            {isNew ? 'Create account' : 'Sign in'}
          </Button>
        </form>
      )}
      {registration.open && (
        <Button
          tone="quiet"
          onClick={() => {
            setIsNew(!isNew);
            setError(null);
            setNeedsCode(false);
            setCode('');
            // A password manager may have filled in the password of the other form.
            setPassword('');
          }}
        >
          {isNew ? 'Sign in instead' : 'Create an account'}
        </Button>
      )}
    </main>
  );
}

/** Signs in without the form. Its own failure is shown below it. */
function OtherWay({ label, start }: { label: string; start: () => Promise<void> }) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const begin = () => {
    setIsBusy(true);
    setError(null);
    start().catch((failure) => {
      setError(failure);
      setIsBusy(false);
    });
  };
  const refusal = passkeyFailure(error);
  return (
    <div className="space-y-2">
      <Button isBusy={isBusy} onClick={begin} className="w-full">
        {label}
      </Button>
      {refusal ? <Failure>{refusal}</Failure> : <Failure error={error} />}
    </div>
  );
}

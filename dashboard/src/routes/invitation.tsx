import { useQuery } from '@tanstack/react-query';
import { createFileRoute, Link, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import type { InvitationPreview } from '#/client';
import { appPath } from '#/gateway';
import { ROLES } from '#/session/permission';
import { acceptInvitation, isSignedIn, previewInvitation, signOut } from '#/session/session';
import { useTitle } from '#/shell/useTitle';
import { Visible } from '#/text/Visible';
import { Button, MAIN_BUTTON } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PasswordField } from '#/ui/PasswordField';

interface Search {
  /** The token of the invitation. */
  token?: string | undefined;
}

export const Route = createFileRoute('/invitation')({
  validateSearch: (search: Record<string, unknown>): Search => ({
    token: typeof search.token === 'string' ? search.token : undefined,
  }),
  loader: () => isSignedIn().catch(() => false),
  component: InvitationPage,
});

/** Accepts an invitation: with a new account, or with the one that is signed in. */
function InvitationPage() {
  const { token: inAddress = '' } = Route.useSearch();
  // Kept, because it leaves the address bar, and with it the history of the browser.
  const [token] = useState(inAddress);
  const preview = useQuery({
    queryKey: ['invitation', token],
    queryFn: () => previewInvitation(token),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const navigate = useNavigate();
  useEffect(() => {
    if (inAddress !== '') void navigate({ to: '/invitation', search: {}, replace: true });
  }, [inAddress, navigate]);
  useTitle(0);
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-5 p-5">
      <div className="flex items-center gap-3">
        <img src={appPath('icon.svg')} alt="" className="size-12" />
        <div>
          <h1 className="text-2xl font-bold">GaiterGuard</h1>
          <p className="text-sm text-soft">You decide what your agents do.</p>
        </div>
      </div>
      {preview.isPending && <Loading />}
      {preview.error && (
        <>
          <Failure error={preview.error} />
          <Link to="/" className={MAIN_BUTTON}>
            Open the dashboard
          </Link>
        </>
      )}
      {preview.data && <Accept preview={preview.data} token={token} />}
    </main>
  );
}

function Accept({ preview, token }: { preview: InvitationPreview; token: string }) {
  const hasSession = Route.useLoaderData();
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const navigate = useNavigate();
  const [name, meaning] = ROLES[preview.role];
  const run = async (work: () => Promise<void>) => {
    setIsBusy(true);
    setError(null);
    try {
      await work();
    } catch (failure) {
      setError(failure);
      setIsBusy(false);
    }
  };
  const here = appPath(`invitation?token=${encodeURIComponent(token)}`);
  const accept = (event: FormEvent) => {
    event.preventDefault();
    void run(async () => {
      await acceptInvitation(token, hasSession ? undefined : password);
      // Nothing of an earlier workspace may stay on the page.
      window.location.replace(appPath(''));
    });
  };
  const leave = () =>
    void run(async () => {
      await signOut();
      window.location.replace(here);
    });
  return (
    <form onSubmit={accept} className="space-y-4 rounded-lg border border-line bg-panel p-5">
      <h2 className="text-lg font-semibold">Join a workspace</h2>
      <p className="text-sm">
        {preview.invitedBy === null ? (
          'You are invited'
        ) : (
          <>
            <Visible text={preview.invitedBy} /> invites you
          </>
        )}{' '}
        as <strong>{name.toLowerCase()}</strong>. {meaning}
      </p>
      <p className="text-sm">
        The invitation is for <strong className="break-all">{preview.email}</strong>.
      </p>
      {!hasSession && preview.hasAccount && (
        <>
          <p className="text-sm">You have an account with this address. Sign in to accept.</p>
          <Button
            tone="main"
            className="w-full"
            onClick={() => void navigate({ to: '/sign-in', search: { next: here } })}
          >
            Sign in
          </Button>
        </>
      )}
      {!hasSession && !preview.hasAccount && (
        <>
          <input
            type="email"
            name="email"
            autoComplete="username"
            value={preview.email}
            readOnly
            hidden
          />
          <PasswordField
            label="Choose a password"
            name="password"
            autoComplete="new-password"
            autoFocus
            required
            minLength={8}
            hint="At least 8 characters. Common passwords are refused."
            value={password}
            onChange={({ target }) => setPassword(target.value)}
          />
        </>
      )}
      <Failure error={error} />
      {(hasSession || !preview.hasAccount) && (
        <Button type="submit" tone="main" isBusy={isBusy} className="w-full">
          {hasSession ? 'Accept invitation' : 'Create account and join'}
        </Button>
      )}
      {hasSession && (
        <Button tone="quiet" className="w-full" disabled={isBusy} onClick={leave}>
          Use another account
        </Button>
      )}
    </form>
  );
}

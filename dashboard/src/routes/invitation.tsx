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
import { PasswordField } from '#/ui/PasswordField';

interface Search {
  /** The token of the invitation. */
  token?: string | undefined;
}

export const Route = createFileRoute('/invitation')({
  validateSearch: (search: Record<string, unknown>): Search => ({
    token: typeof search.token === 'string' ? search.token : undefined,
  }),
  loaderDeps: ({ search }) => search,
  loader: async ({ deps: { token = '' } }) => ({
    isSignedIn: await isSignedIn().catch(() => false),
    preview: await previewInvitation(token).catch((error: unknown) =>
      error instanceof Error ? error : new Error('unknown error'),
    ),
  }),
  component: InvitationPage,
});

/** Accepts an invitation: with a new account, or with the one that is signed in. */
function InvitationPage() {
  const { preview } = Route.useLoaderData();
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
      {preview instanceof Error ? (
        <>
          <Failure error={preview} />
          <Link to="/" className={MAIN_BUTTON}>
            Open the dashboard
          </Link>
        </>
      ) : (
        <Accept preview={preview} />
      )}
    </main>
  );
}

function Accept({ preview }: { preview: InvitationPreview }) {
  const { isSignedIn: hasSession } = Route.useLoaderData();
  const { token: inAddress = '' } = Route.useSearch();
  // Kept, because it leaves the address bar, where it would stay in the history of the browser.
  const [token] = useState(inAddress);
  const [password, setPassword] = useState('');
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setIsBusy] = useState(false);
  const navigate = useNavigate();
  useEffect(() => {
    if (hasSession || !preview.hasAccount) {
      window.history.replaceState(window.history.state, '', appPath('invitation'));
    }
  }, [hasSession, preview.hasAccount]);
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
      window.location.replace(appPath(`invitation?token=${encodeURIComponent(token)}`));
    });
  const here = appPath(`invitation?token=${encodeURIComponent(token)}`);
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

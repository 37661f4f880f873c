import { createFileRoute, Link, useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { sentenceOf } from '#/session/client';
import { providerWords, type Redirected, redirectedOf } from '#/session/redirect';
import { completeSingleSignOn, takeLinking } from '#/session/session';
import { useTitle } from '#/shell/useTitle';
import { Visible } from '#/text/Visible';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';

export const Route = createFileRoute('/signed-in')({
  validateSearch: (search): Redirected => redirectedOf(search),
  component: SignedIn,
});

/** Ends single sign-on: hands the provider's code to the gateway, once. */
function SignedIn() {
  const search = Route.useSearch();
  // Kept, because they leave the address bar below.
  const [{ code, state, iss, error, error_description: description }] = useState(search);
  const [failure, setFailure] = useState<unknown>(null);
  const isSent = useRef(false);
  const navigate = useNavigate();
  useTitle(0);
  const isComplete = code !== undefined && state !== undefined;
  useEffect(() => {
    // The parameters do not stay in the address bar or the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
    if (isSent.current || code === undefined || state === undefined) return;
    isSent.current = true;
    const isLinking = takeLinking();
    completeSingleSignOn({ code, state, ...(iss !== undefined && { iss }) }, isLinking).then(
      () => navigate({ to: isLinking ? '/settings' : '/', replace: true }),
      setFailure,
    );
  }, [code, state, iss, navigate]);
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col justify-center gap-5 p-5">
      <h1 className="text-2xl font-bold">Single sign-on</h1>
      {error !== undefined && (
        <Failure>
          The provider did not sign you in (<Visible text={error} />
          ).{' '}
          {description !== undefined && (
            <>
              The provider says: “<Visible text={providerWords(description)} />
              ”.
            </>
          )}
        </Failure>
      )}
      {error === undefined && !isComplete && (
        <Failure>A provider sends you to this page when you sign in.</Failure>
      )}
      {error === undefined && isComplete && failure === null && <Loading />}
      {failure !== null && <Failure>{sentenceOf(failure)}</Failure>}
      {(error !== undefined || failure !== null || !isComplete) && (
        <Link to="/sign-in" className="underline">
          Back to sign-in
        </Link>
      )}
    </main>
  );
}

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { createFileRoute, Link } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { completeAuthorizationMutation } from '#/client/@tanstack/react-query.gen';
import { sentenceOf } from '#/session/client';
import { providerWords, type Redirected, redirectedOf } from '#/session/redirect';
import { Visible } from '#/text/Visible';
import { BackLink } from '#/ui/BackLink';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

/** The errors whose codes do not speak for themselves (RFC 6749, section 4.1.2.1), in words. */
const REASONS: Readonly<Record<string, string>> = {
  access_denied: 'You canceled, or the provider denied access',
  invalid_scope: 'The provider does not know the scope, or may not grant it',
  unauthorized_client: 'The provider does not let this client connect in the browser',
};

export const Route = createFileRoute('/_app/connected')({
  validateSearch: (search): Redirected => redirectedOf(search),
  component: Connected,
});

/** Ends an authorization: hands the provider's code to the gateway, once. */
function Connected() {
  const search = Route.useSearch();
  // Kept, because they leave the address bar below.
  const [{ code, state, iss, error, error_description: description }] = useState(search);
  const queries = useQueryClient();
  const isSent = useRef(false);
  const complete = useMutation({
    ...completeAuthorizationMutation(),
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries(),
  });
  const { mutate } = complete;
  useEffect(() => {
    // The parameters do not stay in the address bar or the history.
    window.history.replaceState(window.history.state, '', window.location.pathname);
    if (isSent.current || code === undefined || state === undefined) return;
    isSent.current = true;
    mutate({ body: { code, state, ...(iss !== undefined && { iss }) } });
  }, [code, state, iss, mutate]);
  const service = complete.data?.service;
  return (
    <>
      <BackLink to="/services">All services</BackLink>
      <PageTitle>Connect a service</PageTitle>
      {error !== undefined && (
        <Failure>
          {REASONS[error] ?? 'The provider refused'} (<Visible text={error} />
          ). {description !== undefined && <ProviderWords text={description} />}
          Nothing was changed. To try again, open the service and connect again.
        </Failure>
      )}
      {error === undefined && (code === undefined || state === undefined) && !isSent.current && (
        <Failure>
          A provider sends you to this page when you connect a service. To begin, open the service.
        </Failure>
      )}
      {complete.isPending && <Loading />}
      {complete.error && <Failure>{sentenceOf(complete.error)}</Failure>}
      {service && (
        <div role="status" className="space-y-2">
          <p>
            <Visible text={service.name} /> is connected.{' '}
            {complete.data?.canBeRenewed
              ? 'The gateway renews its access token.'
              : 'The provider issued no refresh token, so connect again when the access token expires.'}
          </p>
          <p>
            <Link to="/services/$id" params={{ id: service.id }} className="underline">
              Open the service
            </Link>
          </p>
        </div>
      )}
    </>
  );
}

/** Quotes the provider, which is a stranger: only the beginning, as text. */
function ProviderWords({ text }: { text: string }) {
  return (
    <>
      The provider says: “<Visible text={providerWords(text)} />
      ”.{' '}
    </>
  );
}

/** A service's credential and its replacement. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { RefusedCredential, Service } from '#/client';
import { setCredentialsMutation } from '#/client/@tanstack/react-query.gen';
import { formError } from '#/session/client';
import { counted } from '#/text/count';
import { dateMinute } from '#/text/time';
import { Button } from '#/ui/Button';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { Saved } from '#/ui/Saved';
import { CREDENTIAL } from './anchors';
import { ConnectProvider } from './ConnectProvider';
import {
  CredentialFields,
  credentialFieldNames,
  NOTHING_TYPED,
  shownForm,
} from './CredentialFields';
import { authTypeName, CREDENTIAL_FORMS, credentialValues } from './credential';
import { CredentialState } from './ServiceList';

/** Shows the credential's type and fields, and replaces it. */
export function CredentialPanel({
  service,
  refused,
}: {
  service: Service;
  /** That the service refused the credential. */
  refused?: RefusedCredential | undefined;
}) {
  const [typed, setTyped] = useState(NOTHING_TYPED);
  const queries = useQueryClient();
  const replace = useMutation({
    ...setCredentialsMutation(),
    // Drops the credential from the cache with the page.
    gcTime: 0,
    onSuccess: async () => {
      setTyped(NOTHING_TYPED);
      await queries.invalidateQueries();
    },
  });
  const forms = CREDENTIAL_FORMS[service.authType];
  const form = shownForm(forms, typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replace.mutate({
      path: { id: service.id },
      body: credentialValues(form, typed.values) ?? {},
    });
  };
  return (
    <Panel anchor={CREDENTIAL} title="Credential" actions={<CredentialState service={service} />}>
      {refused && (
        <div className="mb-3">
          <Failure>
            The service responded to {counted(refused.count, 'request')} with 401 or 403, most
            recently on {dateMinute(refused.last_at)}. Send a test call, or replace the credential.
          </Failure>
        </div>
      )}
      {service.credentials.failure !== undefined && (
        <div className="mb-3">
          <Failure>
            No access token could be fetched: {service.credentials.failure}. Agents’ requests fail
            until this works again.
          </Failure>
        </div>
      )}
      <dl className="space-y-1">
        <Fact name="Sent as">{authTypeName(service.authType)}</Fact>
        {service.credentials.count > 0 && (
          <Fact name="Fields">
            <code className="text-xs">{service.credentials.keys.join(', ')}</code>
          </Fact>
        )}
      </dl>
      {service.authType === 'oauth2' && <ConnectProvider service={service} />}
      {form && (
        <form onSubmit={submit} onChange={replace.reset} className="mt-4 space-y-4">
          <h3 className="text-sm font-semibold">
            {service.credentials.count > 0 ? 'Replace credential' : 'Add credential'}
          </h3>
          <CredentialFields
            forms={forms}
            typed={typed}
            isRequired
            error={replace.error}
            onChange={setTyped}
          />
          <Failure error={formError(replace.error, credentialFieldNames(form))} />
          <div className="flex items-center gap-3">
            <Button needs="define" type="submit" isBusy={replace.isPending}>
              Save credential
            </Button>
            <Saved when={replace.isSuccess} />
          </div>
        </form>
      )}
    </Panel>
  );
}

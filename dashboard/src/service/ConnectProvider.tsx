/** The authorization of a service at its provider, so that nobody pastes a refresh token. */

import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Service } from '#/client';
import { authorizeServiceMutation } from '#/client/@tanstack/react-query.gen';
import { gatewayUrl } from '#/gateway';
import { fieldError, formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { TextField } from '#/ui/TextField';

/** The fields, each with its label and an example. All may be empty. */
const FIELDS = [
  ['authorization_url', 'Authorization URL', 'https://auth.example.com/authorize'],
  ['token_url', 'Token URL', 'https://auth.example.com/oauth/token'],
  ['client_id', 'Client ID', ''],
  ['client_secret', 'Client secret', ''],
  ['scope', 'Scope', 'read offline_access'],
  ['server_url', 'Metadata server URL', 'https://mcp.example.com'],
] as const;

/** Sends the operator to the provider, who sends the browser back to the page `connected`. */
export function ConnectProvider({ service }: { service: Service }) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const begin = useMutation({
    ...authorizeServiceMutation(),
    gcTime: 0,
    onSuccess: ({ authorizationUrl }) => window.location.assign(authorizationUrl),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const given = Object.entries(values).filter(([, value]) => value !== '');
    begin.mutate({ path: { id: service.id }, body: Object.fromEntries(given) });
  };
  const names = FIELDS.map(([name]) => name);
  const hasError = names.some((name) => fieldError(begin.error, name) !== undefined);
  return (
    <form onSubmit={submit} onChange={begin.reset} className="mt-4 space-y-4">
      <h3 className="text-sm font-semibold">Connect in the browser</h3>
      <p className="text-sm text-soft">
        Sign in at the provider and give consent. The gateway gets the tokens and renews them. At
        the provider, register <code>{`${gatewayUrl()}/app/connected`}</code> as the redirect URI.
      </p>
      <details open={hasError || undefined}>
        <summary className="cursor-pointer text-sm font-medium">Provider</summary>
        <div className="mt-4 space-y-4">
          <p className="text-sm text-soft">
            Leave everything empty if the service publishes OAuth metadata and supports dynamic
            client registration, as MCP servers do.
          </p>
          {FIELDS.map(([name, label, placeholder]) => (
            <TextField
              key={name}
              label={`${label} (optional)`}
              type={name === 'client_secret' ? 'password' : 'text'}
              autoComplete={name === 'client_secret' ? 'new-password' : 'off'}
              spellCheck={false}
              placeholder={placeholder}
              maxLength={8192}
              value={values[name] ?? ''}
              error={fieldError(begin.error, name)}
              onChange={(event) => setValues({ ...values, [name]: event.target.value })}
            />
          ))}
        </div>
      </details>
      <Failure error={formError(begin.error, names)} />
      <Button needs="define" type="submit" isBusy={begin.isPending || begin.isSuccess}>
        Connect
      </Button>
    </form>
  );
}

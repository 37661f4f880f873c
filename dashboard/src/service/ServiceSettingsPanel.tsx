/** The settings of a service. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Service } from '#/client';
import { getSettingsOptions, updateServiceMutation } from '#/client/@tanstack/react-query.gen';
import { Panel } from '#/ui/Panel';
import { SaveRow } from '#/ui/SaveRow';
import { useStored } from '#/ui/useStored';
import {
  CredentialFields,
  credentialFieldNames,
  NOTHING_TYPED,
  shownForm,
} from './CredentialFields';
import { CREDENTIAL_FORMS, credentialValues } from './credential';
import { SERVICE_FIELDS, ServiceFields, serviceBody } from './ServiceFields';
import { TIME_LIMIT_FIELDS, TimeLimitFields } from './TimeLimitFields';
import { millisecondsOf, secondsOf } from './timeLimit';

/** Edits the settings. */
export function ServiceSettingsPanel({ service }: { service: Service }) {
  const [draft, setDraft] = useStored({
    name: service.name,
    baseUrl: service.baseUrl,
    authType: service.authType,
    description: service.description ?? '',
  });
  const [limits, setLimits] = useStored({
    timeout: secondsOf(service.timeoutMs),
    idleTimeout: secondsOf(service.idleTimeoutMs),
  });
  const { data: settings } = useQuery(getSettingsOptions());
  const [typed, setTyped] = useState(NOTHING_TYPED);
  const queries = useQueryClient();
  const save = useMutation({
    ...updateServiceMutation(),
    // Drops the credential from the cache with the page.
    gcTime: 0,
    onSuccess: async () => {
      setTyped(NOTHING_TYPED);
      await queries.invalidateQueries();
    },
  });
  const moves = placeOf(draft.baseUrl) !== placeOf(service.baseUrl);
  const isElsewhere = moves && originOf(draft.baseUrl) !== originOf(service.baseUrl);
  const drops =
    (isElsewhere || draft.authType !== service.authType) && service.credentials.count > 0;
  const forms = drops ? CREDENTIAL_FORMS[draft.authType] : [];
  const form = shownForm(forms, typed);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const credentials = credentialValues(form, typed.values);
    save.mutate({
      path: { id: service.id },
      body: {
        ...serviceBody(draft),
        timeoutMs: millisecondsOf(limits.timeout),
        idleTimeoutMs: millisecondsOf(limits.idleTimeout),
        ...(credentials && { credentials }),
      },
    });
  };
  return (
    <Panel title="Settings">
      <form onSubmit={submit} onChange={save.reset} className="space-y-4">
        <ServiceFields draft={draft} error={save.error} onChange={setDraft} />
        <TimeLimitFields
          draft={limits}
          defaults={
            settings && {
              timeoutMs: settings.upstream_timeout_ms,
              idleTimeoutMs: settings.upstream_idle_timeout_ms,
            }
          }
          error={save.error}
          onChange={setLimits}
        />
        {service.warnings.length > 0 && (
          <ul className="list-disc space-y-1 pl-5 text-sm break-words text-warn">
            {service.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        )}
        {(drops || moves) && (
          <ul aria-live="polite" className="list-disc space-y-1 pl-5 text-sm text-warn">
            {drops && (
              <li>
                Saving removes the stored credential.
                {form && ' Enter the new one below: it is saved together with the settings.'}
              </li>
            )}
            {moves && <li>Requests approved for the old URL can no longer be executed.</li>}
          </ul>
        )}
        {form && (
          <fieldset className="space-y-4 rounded-md border border-line p-3">
            <legend className="px-1 text-sm font-semibold">New credential</legend>
            <CredentialFields
              forms={forms}
              typed={typed}
              isRequired
              error={save.error}
              onChange={setTyped}
            />
          </fieldset>
        )}
        <SaveRow
          save={save}
          fields={[...SERVICE_FIELDS, ...TIME_LIMIT_FIELDS, ...credentialFieldNames(form)]}
        >
          Save settings
        </SaveRow>
      </form>
    </Panel>
  );
}

/** Returns a URL in one spelling: the gateway stores it without a slash at the end. */
function placeOf(url: string): string {
  const text = url.trim();
  return URL.canParse(text) ? new URL(text).href.replace(/\/$/, '') : text;
}

/** Returns the origin of a URL. The gateway drops the credential when the origin changes. */
function originOf(url: string): string | undefined {
  return URL.canParse(url.trim()) ? new URL(url.trim()).origin : undefined;
}

/** The form that creates a service, with or without a template. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { ExternalLink, TriangleAlert } from 'lucide-react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import type { Service } from '#/client';
import { createServiceMutation } from '#/client/@tanstack/react-query.gen';
import { formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import {
  CredentialFields,
  credentialFieldNames,
  NOTHING_TYPED,
  shownForm,
  type TypedCredential,
} from './CredentialFields';
import type { Template } from './catalog';
import { CREDENTIAL_FORMS, credentialValues } from './credential';
import { SERVICE_FIELDS, type ServiceDraft, ServiceFields, serviceBody } from './ServiceFields';
import { nameOf, slugOf } from './slug';

/** The input of the form. */
export interface ServiceEntry {
  draft: ServiceDraft;
  typed: TypedCredential;
}

/** Shows the form. */
export function NewServiceForm({
  template,
  entry,
  onEntry,
  onCreated,
  onBack,
}: {
  template: Template | undefined;
  /** The earlier input. */
  entry: ServiceEntry | undefined;
  onEntry: (entry: ServiceEntry) => void;
  onCreated: (service: Service) => void;
  onBack: () => void;
}) {
  const [draft, setDraft] = useState(() => entry?.draft ?? draftOf(template));
  const [typed, setTyped] = useState(() => entry?.typed ?? typedOf(template));
  useEffect(() => onEntry({ draft, typed }));
  const queries = useQueryClient();
  const create = useMutation({
    ...createServiceMutation(),
    // Drops the credential from the cache with the page.
    gcTime: 0,
    onSuccess: async (service) => {
      await queries.invalidateQueries();
      onCreated(service);
    },
  });
  const forms = CREDENTIAL_FORMS[draft.authType];
  const form = shownForm(forms, typed);
  const fields = useRef<HTMLFormElement>(null);
  useEffect(() => focusEmpty(fields.current), []);
  const change = (after: ServiceDraft) => {
    // Until the user names the service, its base URL does.
    const isNamed = template !== undefined || draft.name !== nameOf(draft.baseUrl);
    const isUrl = after.baseUrl !== draft.baseUrl;
    setDraft(isUrl && !isNamed ? { ...after, name: nameOf(after.baseUrl) } : after);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({
      body: { ...serviceBody(draft), credentials: credentialValues(form, typed.values) },
    });
  };
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <Panel title={template ? template.name : 'Custom service'}>
        <form ref={fields} onSubmit={submit} onChange={create.reset} className="space-y-4">
          <ServiceFields draft={draft} error={create.error} onChange={change} />
          <CredentialFields
            forms={forms}
            typed={typed}
            isRequired
            error={create.error}
            onChange={setTyped}
          />
          <Failure
            error={formError(create.error, [...SERVICE_FIELDS, ...credentialFieldNames(form)])}
          />
          <div className="flex flex-wrap gap-2">
            <Button needs="define" type="submit" tone="main" isBusy={create.isPending}>
              Add service
            </Button>
            <Button onClick={onBack}>Back</Button>
          </div>
        </form>
      </Panel>
      {template && <TemplateNotes template={template} />}
    </div>
  );
}

/** Moves the focus to the first field that has to be filled in. */
function focusEmpty(form: HTMLFormElement | null) {
  const empty = [...(form?.querySelectorAll('input') ?? [])].find(
    ({ required, value }) => required && value === '',
  );
  empty?.focus({ preventScroll: true });
}

function draftOf(template: Template | undefined): ServiceDraft {
  return {
    name: slugOf(template?.name ?? ''),
    baseUrl: template?.baseUrl ?? '',
    authType: template?.authType ?? 'bearer',
    description: '',
  };
}

function typedOf(template: Template | undefined): TypedCredential {
  return template ? { way: wayOf(template), values: template.values } : NOTHING_TYPED;
}

/** Returns the credential form that has the template's values. */
function wayOf({ authType, values }: Template): string {
  const keys = Object.keys(values);
  const way = CREDENTIAL_FORMS[authType].find(({ fields }) =>
    keys.every((key) => fields.some((field) => field.key === key)),
  );
  return way?.name ?? '';
}

function TemplateNotes({ template }: { template: Template }) {
  return (
    <Panel title="Good to know">
      <div className="space-y-3 text-sm">
        {template.baseUrl.includes('YOUR-') && (
          <p className="text-warn">Replace the YOUR-… part of the base URL.</p>
        )}
        <p>{template.keyHint}</p>
        <p>
          <a
            href={template.keyUrl}
            target="_blank"
            rel="noreferrer"
            className="inline-flex items-center gap-1 font-medium break-all text-brand underline"
          >
            Get an API key
            <ExternalLink aria-hidden className="size-4 shrink-0" />
          </a>
        </p>
        <div>
          <h3 className="flex items-center gap-1.5 font-semibold">
            <TriangleAlert aria-hidden className="size-4 text-warn" /> Risky operations
          </h3>
          <ul className="mt-1 list-disc space-y-1 pl-5">
            {template.dangers.map((danger) => (
              <li key={danger}>{danger}</li>
            ))}
          </ul>
        </div>
      </div>
    </Panel>
  );
}

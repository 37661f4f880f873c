/** A read-only request to a service, to test its credential. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FocusEvent, type FormEvent, useState } from 'react';
import { Body } from '#/action/Body';
import { Headers } from '#/action/ExactRequest';
import type { TestMethod, UpstreamAnswer } from '#/client';
import {
  getInboxQueryKey,
  getServiceOptions,
  getServiceQueryKey,
  testCallMutation,
} from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import { pathBelow } from './pathBelow';
import { reached } from './reached';

const METHODS = [
  ['GET', 'GET'],
  ['HEAD', 'HEAD'],
] as const;

/** Sends a request and shows the response. */
export function TestCallPanel({
  serviceId,
  chosen,
  isChosen,
  isBrief = false,
  onStatus,
}: {
  serviceId: number;
  /** The initial values of the fields. */
  chosen: { method: string; path: string };
  /** Whether the user has just chosen them, so that the path gets the focus. */
  isChosen: boolean;
  /** Whether the method is fixed, and the response folded. */
  isBrief?: boolean;
  /** Called with the status of each response. */
  onStatus?: (status: number) => void;
}) {
  const [method, setMethod] = useState<TestMethod>(chosen.method === 'HEAD' ? 'HEAD' : 'GET');
  const [path, setPath] = useState(chosen.path);
  const queries = useQueryClient();
  const service = useQuery(getServiceOptions({ path: { id: serviceId } }));
  const call = useMutation({
    ...testCallMutation(),
    onSuccess: ({ status }) => onStatus?.(status),
    onSettled: () => {
      // It may have shown that the credential works, or that it does not.
      const keys = [getServiceQueryKey({ path: { id: serviceId } }), getInboxQueryKey()];
      for (const queryKey of keys) void queries.invalidateQueries({ queryKey });
    },
  });
  const gap = /\{[^}]*\}/.exec(path)?.[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const below = pathBelow(path, service.data?.baseUrl);
    setPath(below);
    call.mutate({ path: { id: serviceId }, body: { method, path: below } });
  };
  return (
    <Panel title="Test call">
      <form onSubmit={submit} className="space-y-3">
        <p className="text-sm text-soft">Sends a read-only request with the credential.</p>
        <div className={isBrief ? '' : 'grid gap-3 sm:grid-cols-[7rem_1fr]'}>
          {!isBrief && (
            <SelectField
              label="Method"
              value={method}
              options={METHODS}
              onChange={(event) => setMethod(event.target.value === 'HEAD' ? 'HEAD' : 'GET')}
            />
          )}
          <TextField
            label="Path below the base URL"
            required
            autoFocus={isChosen || isBrief}
            onFocus={isBrief ? selectAll : undefined}
            spellCheck={false}
            className="font-mono"
            value={path}
            error={fieldError(call.error, 'path')}
            hint={gap && `Replace ${gap} with a value.`}
            onChange={(event) => setPath(event.target.value)}
          />
        </div>
        <Failure error={formError(call.error, ['path'])} />
        <Button
          needs="define"
          type="submit"
          tone={isBrief && !call.data ? 'main' : 'plain'}
          disabled={gap !== undefined}
          isBusy={call.isPending}
        >
          Send test call
        </Button>
      </form>
      {call.data && <TestResponse response={call.data} isBrief={isBrief} />}
    </Panel>
  );
}

/** Lets the next letter replace the path that is proposed. */
function selectAll({ target }: FocusEvent<HTMLInputElement>) {
  target.select();
}

function TestResponse({ response, isBrief }: { response: UpstreamAnswer; isBrief: boolean }) {
  const { isGood, text } = reached(response.status);
  return (
    <section aria-label="Response" className="mt-4 space-y-3 border-t border-line pt-4">
      <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={isGood ? 'good' : 'warn'}>{response.status}</Badge>
        {text}
      </p>
      {isBrief ? (
        <details className="text-sm">
          <summary className="py-1 font-medium">Response</summary>
          <TestContent response={response} />
        </details>
      ) : (
        <TestContent response={response} />
      )}
    </section>
  );
}

function TestContent({ response }: { response: UpstreamAnswer }) {
  return (
    <div className="space-y-3">
      <Body body={response.body} encoding={response.body_encoding} />
      {response.truncated && (
        <p className="text-sm text-warn">The response is longer: only its beginning is shown.</p>
      )}
      <details className="text-sm">
        <summary className="py-1 font-medium">Headers</summary>
        <Headers headers={response.headers} />
      </details>
    </div>
  );
}

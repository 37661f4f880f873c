/** Sends a request that only reads, and shows what came back. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Body } from '#/action/Body';
import { Headers } from '#/action/ExactRequest';
import type { TestMethod, UpstreamAnswer } from '#/client';
import { testCallMutation } from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';

const METHODS = [
  ['GET', 'GET'],
  ['HEAD', 'HEAD'],
] as const;

/** The panel. */
export function TestCallPanel({
  serviceId,
  chosen,
  isChosen,
}: {
  serviceId: number;
  /** What stands in the fields at the beginning. */
  chosen: { method: string; path: string };
  /** Whether somebody has just chosen that, and will look for it. */
  isChosen: boolean;
}) {
  const [method, setMethod] = useState<TestMethod>(chosen.method === 'HEAD' ? 'HEAD' : 'GET');
  const [path, setPath] = useState(chosen.path);
  const call = useMutation(testCallMutation());
  const gap = /\{[^}]*\}/.exec(path)?.[0];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    call.mutate({ path: { id: serviceId }, body: { method, path } });
  };
  return (
    <Panel title="Test call">
      <form onSubmit={submit} className="space-y-3">
        <p className="text-sm text-soft">
          Sent as agents’ requests are, with the credential. It only reads, and it is written to the
          audit log.
        </p>
        <div className="grid gap-3 sm:grid-cols-[7rem_1fr]">
          <SelectField
            label="Method"
            value={method}
            options={METHODS}
            onChange={(event) => setMethod(event.target.value === 'HEAD' ? 'HEAD' : 'GET')}
          />
          <TextField
            label="Path below the base URL"
            required
            autoFocus={isChosen}
            spellCheck={false}
            className="font-mono"
            value={path}
            error={fieldError(call.error, 'path')}
            hint={gap && `Put a value in place of ${gap}.`}
            onChange={(event) => setPath(event.target.value)}
          />
        </div>
        <Failure error={formError(call.error, ['path'])} />
        <Button type="submit" disabled={gap !== undefined} isBusy={call.isPending}>
          Send test call
        </Button>
      </form>
      {call.data && <Answered answer={call.data} />}
    </Panel>
  );
}

function Answered({ answer }: { answer: UpstreamAnswer }) {
  const isGood = answer.status < 400;
  const isRefused = answer.status === 401 || answer.status === 403;
  return (
    <section aria-label="What came back" className="mt-4 space-y-3 border-t border-line pt-4">
      <p role="status" className="flex flex-wrap items-center gap-2 text-sm">
        <Badge tone={isGood ? 'good' : 'bad'}>{answer.status}</Badge>
        {isGood ? 'The service answered.' : 'The service answered with an error.'}
        {isRefused && ' Is the credential right?'}
      </p>
      <Body body={answer.body} encoding={answer.body_encoding} />
      {answer.truncated && (
        <p className="text-sm text-warn">The answer was longer; this is its beginning.</p>
      )}
      <details className="text-sm">
        <summary className="py-1 font-medium">Headers</summary>
        <Headers headers={answer.headers} />
      </details>
    </section>
  );
}

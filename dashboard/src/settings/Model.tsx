/** The language model's settings and test. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { LlmState } from '#/client';
import { getSettingsQueryKey, testLlmMutation } from '#/client/@tanstack/react-query.gen';
import { messageOf } from '#/session/client';
import { duration } from '#/text/time';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';

const FAILURES: Record<LlmState['failure_mode'], string> = {
  block_unsafe: 'Requests that change something are held',
  block_all: 'All requests that need the model are held',
};

/** Shows the panel. */
export function Model({ llm }: { llm: LlmState | null }) {
  const queries = useQueryClient();
  const test = useMutation({
    ...testLlmMutation(),
    onSettled: () => queries.invalidateQueries({ queryKey: getSettingsQueryKey() }),
  });
  if (!llm) {
    return (
      <Panel title="Language model">
        <p className="text-sm">
          Not configured: rules and the built-in assessor work alone. Set <code>LLM_BASE_URL</code>{' '}
          to let a model assess requests that they cannot decide.
        </p>
      </Panel>
    );
  }
  const number = (value: number) => value.toLocaleString('en');
  return (
    <Panel
      title="Language model"
      actions={
        llm.is_resting ? <Badge tone="bad">Paused after failures</Badge> : <Badge>In use</Badge>
      }
    >
      <dl className="mb-3 space-y-1">
        <Fact name="Model">{llm.model}</Fact>
        <Fact name="Timeout">{duration(llm.timeout_ms)}</Fact>
        <Fact name="On failure">{FAILURES[llm.failure_mode]}</Fact>
        <Fact name="Calls">{number(llm.calls)} since startup</Fact>
        <Fact name="Tokens today">
          {number(llm.input_tokens_today)} sent, {number(llm.output_tokens_today)} received
        </Fact>
        {llm.is_resting && <Fact name="State">Failed repeatedly. The gateway retries later.</Fact>}
      </dl>
      <Button needs="define" isBusy={test.isPending} onClick={() => test.mutate({})}>
        Test model
      </Button>
      <div role="status" className="mt-3 empty:hidden">
        {test.data && (
          <p className="text-sm text-good">Responded in {duration(test.data.milliseconds)}</p>
        )}
      </div>
      {test.error && <Failure>Test failed: {messageOf(test.error)}.</Failure>}
    </Panel>
  );
}

/** The language model: what is set, and whether it answers. */
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
  block_unsafe: 'what changes something is held',
  block_all: 'everything it was needed for is held',
};

/** Its panel. */
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
          None: rules and the built-in assessor work alone. Set <code>LLM_BASE_URL</code> to have
          one judge what they leave open.
        </p>
      </Panel>
    );
  }
  const number = (value: number) => value.toLocaleString('en');
  return (
    <Panel
      title="Language model"
      actions={
        llm.is_resting ? <Badge tone="bad">left alone for now</Badge> : <Badge>in use</Badge>
      }
    >
      <dl className="mb-3 space-y-1">
        <Fact name="Model">{llm.model}</Fact>
        <Fact name="Answers within">{duration(llm.timeout_ms)}</Fact>
        <Fact name="If it fails">{FAILURES[llm.failure_mode]}</Fact>
        <Fact name="Calls">{number(llm.calls)} since the start</Fact>
        <Fact name="Tokens today">
          {number(llm.input_tokens_today)} sent, {number(llm.output_tokens_today)} answered
        </Fact>
        {llm.is_resting && (
          <Fact name="State">It failed repeatedly and is asked again in a while.</Fact>
        )}
      </dl>
      <Button isBusy={test.isPending} onClick={() => test.mutate({})}>
        Test it
      </Button>
      <div role="status" className="mt-3 empty:hidden">
        {test.data && (
          <p className="text-sm text-good">It answered in {duration(test.data.milliseconds)}.</p>
        )}
      </div>
      {test.error && <Failure>The test failed: {messageOf(test.error)}.</Failure>}
    </Panel>
  );
}

/** The simulation of a rule on recorded requests. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { headline } from '#/action/headline';
import { ShortIntent } from '#/action/Intent';
import type {
  ProposedRule,
  RequestDecision,
  RuleSimulationResult,
  SimulatedExample,
} from '#/client';
import { simulateRulesMutation } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { counted } from '#/text/count';
import { splitTarget } from '#/text/target';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { passedText } from './ConfirmAllow';
import { stakesOf } from './changes';

const DAYS = [
  ['1', 'Last day'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
  ['90', 'Last 90 days'],
] as const;

/** Shows the simulation. The result disappears when the rule changes. */
export function Simulation({ rule }: { rule: ProposedRule }) {
  const [days, setDays] = useState('7');
  const simulate = useMutation(simulateRulesMutation());
  const { reset } = simulate;
  const key = JSON.stringify(rule);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect runs when the rule changes
  useEffect(() => reset(), [key, days, reset]);
  return (
    <Panel title="Test on past requests">
      <div className="space-y-4">
        <p className="text-sm text-soft">
          Applies this draft and your other rules to recorded requests. Nothing is sent or changed.
        </p>
        <div className="flex flex-wrap items-end gap-3">
          <SelectField
            label="Period"
            value={days}
            options={DAYS}
            onChange={(event) => setDays(event.target.value)}
          />
          <Button
            needs="define"
            isBusy={simulate.isPending}
            onClick={() =>
              simulate.mutate({
                body: {
                  // The name does not affect the result, and may still be missing.
                  rules: [{ ...rule, name: rule.name || 'Draft' }],
                  days: Number(days),
                  keep_others: true,
                },
              })
            }
          >
            Simulate
          </Button>
        </div>
        <Failure error={simulate.error} />
        {simulate.data && <Result result={simulate.data} />}
      </div>
    </Panel>
  );
}

function Result({ result }: { result: RuleSimulationResult }) {
  const groups = [
    { name: 'Newly held', changes: result.held, tone: 'warn' },
    { name: 'Newly denied', changes: result.denied, tone: 'bad' },
    { name: 'No longer held', changes: result.released, tone: 'bad' },
    { name: 'No longer denied', changes: result.admitted, tone: 'bad' },
    { name: 'Undecidable', changes: result.undecidable, tone: 'soft' },
  ] as const;
  const changed = groups.filter(({ changes }) => changes.count > 0);
  const passed = [result.released, result.admitted];
  const { before, after } = result.prompts_per_day;
  return (
    <section aria-label="Simulation result" className="space-y-4">
      <p role="status" className="text-sm">
        {counted(result.requests, 'request')} since {dateTime(result.since)}
        {result.is_cut && ' (latest only)'}. The rule matches {result.matches.toLocaleString('en')}.{' '}
        {changed.length === 0 && <strong>No decision would change.</strong>}
      </p>
      {passed.some(({ count }) => count > 0) && (
        <p className="rounded-md border border-bad p-2 text-sm font-semibold text-bad">
          {passedText(passed)}.
        </p>
      )}
      <dl className="grid grid-cols-2 gap-2 text-sm">
        <div className="rounded-md border border-line p-2">
          <dt className="text-soft">Held per day, now</dt>
          <dd className="text-lg font-semibold">{perDay(before)}</dd>
        </div>
        <div className="rounded-md border border-line p-2">
          <dt className="text-soft">Held per day, with this rule</dt>
          <dd className="text-lg font-semibold">{perDay(after)}</dd>
        </div>
      </dl>
      {changed.map(({ name, changes, tone }) => (
        <div key={name}>
          <h3 className="mb-1 flex items-center gap-2 text-sm font-semibold">
            <Badge tone={tone}>{changes.count.toLocaleString('en')}</Badge> {name}
            <span className="font-normal text-soft">{stakesOf([changes])}</span>
          </h3>
          <ul className="divide-y divide-line text-sm">
            {changes.examples.map((example) => (
              <Example key={example.id} example={example} />
            ))}
          </ul>
          {changes.count > changes.examples.length && (
            <p className="text-sm text-soft">
              and {(changes.count - changes.examples.length).toLocaleString('en')} more
            </p>
          )}
        </div>
      ))}
    </section>
  );
}

function perDay(count: number): string {
  return count.toLocaleString('en', { maximumFractionDigits: 1 });
}

/** Decisions in the sentence of an example. */
const WAS: Readonly<Record<RequestDecision, string>> = {
  forward: 'was forwarded',
  hold: 'was held',
  deny: 'was denied',
};
const WOULD_BE: Readonly<Record<RequestDecision, string>> = {
  forward: 'would be forwarded',
  hold: 'would be held',
  deny: 'would be denied',
};

function Example({ example }: { example: SimulatedExample }) {
  const { agents } = useNames();
  return (
    <li className="py-1.5">
      {example.summary && (
        <p className="font-medium">
          <Visible text={headline({ ...example, operation: null })} />
        </p>
      )}
      <p className="font-mono text-[0.8rem]">
        {example.method} <Visible text={splitTarget(example.target_url).path} />
      </p>
      <ShortIntent action={{ intent: example.intent, agent_name: agents.of(example.agent_id) }} />
      <p className="text-xs text-soft">
        {dateTime(example.created_at)}: {WAS[example.before]},{' '}
        {example.after === null ? 'cannot be determined now' : WOULD_BE[example.after]}
      </p>
    </li>
  );
}

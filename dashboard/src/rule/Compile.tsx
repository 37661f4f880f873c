/** From a rule in words to a condition, by the language model. */
import { useMutation } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import type { CompiledRule } from '#/client';
import { compileRuleMutation } from '#/client/@tanstack/react-query.gen';
import { ProblemError } from '#/session/session';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';

/** The button, and what is proposed. */
export function Compile({
  text,
  serviceId,
  onTake,
}: {
  text: string;
  serviceId: number | null;
  onTake: (condition: string) => void;
}) {
  const compile = useMutation(compileRuleMutation());
  const { error } = compile;
  const isWithoutModel = error instanceof ProblemError && error.code === 'llm_not_configured';
  return (
    <div className="space-y-3">
      <Button
        disabled={text.trim() === ''}
        isBusy={compile.isPending}
        onClick={() => compile.mutate({ body: { text, service_id: serviceId } })}
      >
        <Sparkles aria-hidden className="size-4" /> Turn into a condition
      </Button>
      {isWithoutModel ? (
        <p role="alert" className="rounded-md border border-warn p-3 text-sm text-warn">
          No language model is configured, so words cannot be turned into a condition, and a rule in
          words alone cannot be applied: what it might cover is held. Write the condition yourself,
          or start the gateway with LLM_BASE_URL.
        </p>
      ) : (
        <Failure error={error} />
      )}
      {compile.data && <Proposed proposal={compile.data} onTake={onTake} />}
    </div>
  );
}

const COVERAGE: Readonly<Record<string, string>> = {
  whole: 'It says all of the rule.',
  part: 'It says only a part of the rule: the rest cannot be told from a request.',
  none: 'Nothing of the rule can be told from a request.',
};

function Proposed({
  proposal,
  onTake,
}: {
  proposal: CompiledRule;
  onTake: (condition: string) => void;
}) {
  const { condition, coverage, examples } = proposal;
  return (
    <section
      aria-label="What is proposed"
      className="space-y-3 rounded-md border border-line bg-page p-3 text-sm"
    >
      <p>{COVERAGE[coverage] ?? coverage}</p>
      {condition !== null && (
        <>
          <pre className="overflow-hidden font-mono text-[0.8rem] whitespace-pre-wrap">
            <Visible text={condition} />
          </pre>
          <Button onClick={() => onTake(condition)}>Take this condition</Button>
        </>
      )}
      {examples.length > 0 && (
        <ul className="space-y-2">
          {examples.map((example, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: examples are made up and may be alike
            <li key={index} className="space-y-0.5">
              <p className="flex flex-wrap items-center gap-2">
                <Badge tone={example.matches === example.expected ? 'good' : 'bad'}>
                  {example.matches === null
                    ? 'cannot be said'
                    : example.matches
                      ? 'matches'
                      : 'no match'}
                </Badge>
                <code className="min-w-0 text-[0.8rem]">
                  {example.method} <Visible text={example.path} />
                </code>
                {example.matches !== example.expected && (
                  <span className="text-bad">
                    expected to {example.expected ? 'match' : 'not match'}
                  </span>
                )}
              </p>
              {example.body !== '' && (
                <code className="block text-[0.8rem] text-soft">
                  <Visible text={example.body} />
                </code>
              )}
              {example.error && (
                <p className="text-soft">
                  <Visible text={example.error} />
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

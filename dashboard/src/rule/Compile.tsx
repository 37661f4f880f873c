/** Generates a condition from a description, with the language model. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { Sparkles } from 'lucide-react';
import { useEffect } from 'react';
import type { CompiledRule } from '#/client';
import { compileRuleMutation, getSettingsOptions } from '#/client/@tanstack/react-query.gen';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';

/** Shows the button and the proposed condition, which disappears when the description changes. */
export function Compile({
  text,
  serviceId,
  onUse,
}: {
  text: string;
  serviceId: number | null;
  onUse: (condition: string) => void;
}) {
  const compile = useMutation(compileRuleMutation());
  const { reset } = compile;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the effect runs when the rule changes
  useEffect(() => reset(), [text, serviceId, reset]);
  const { data: settings } = useQuery(getSettingsOptions());
  const isWithoutModel = settings?.llm === null;
  return (
    <div className="space-y-3">
      <Button
        needs="define"
        disabled={text.trim() === '' || isWithoutModel}
        aria-describedby={isWithoutModel ? 'compile-reason' : undefined}
        isBusy={compile.isPending}
        onClick={() => compile.mutate({ body: { text, service_id: serviceId } })}
      >
        <Sparkles aria-hidden className="size-4" /> Generate condition
      </Button>
      {isWithoutModel && (
        <p id="compile-reason" className="text-sm text-soft">
          Needs a language model: start the gateway with LLM_BASE_URL. Without one, a rule that has
          only a description cannot be evaluated. If it denies or requires approval, requests in its
          scope that change something are held.
        </p>
      )}
      <Failure error={compile.error} />
      {compile.data && <Proposed proposal={compile.data} onUse={onUse} />}
    </div>
  );
}

const COVERAGE: Readonly<Record<string, string>> = {
  whole: 'Covers the whole rule.',
  part: 'Covers only part of the rule: the rest cannot be determined from a request.',
  none: 'No part of the rule can be determined from a request.',
};

function Proposed({
  proposal,
  onUse,
}: {
  proposal: CompiledRule;
  onUse: (condition: string) => void;
}) {
  const { condition, coverage, examples } = proposal;
  return (
    <section
      aria-label="Proposed condition"
      className="space-y-3 rounded-md border border-line bg-page p-3 text-sm"
    >
      <p>{COVERAGE[coverage] ?? coverage}</p>
      {condition !== null && (
        <>
          <pre className="overflow-hidden font-mono text-[0.8rem] whitespace-pre-wrap">
            <Visible text={condition} />
          </pre>
          <Button onClick={() => onUse(condition)}>Use this condition</Button>
        </>
      )}
      {examples.length > 0 && (
        <ul className="space-y-2">
          {examples.map((example, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: examples may be identical
            <li key={index} className="space-y-0.5">
              <p className="flex flex-wrap items-center gap-2">
                <Badge tone={example.matches === example.expected ? 'good' : 'bad'}>
                  {example.matches === null
                    ? 'Undecidable'
                    : example.matches
                      ? 'Matches'
                      : 'No match'}
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

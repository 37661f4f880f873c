/** What the language model does and costs. */
import type { LlmState } from '#/client';
import { Plot } from './Plot';

/** Calls, tokens and cost, and how near they are to the day's ceilings. */
export function ModelUse({ llm }: { llm: LlmState | null }) {
  if (!llm) {
    return (
      <section className="min-w-0 rounded-lg border border-line bg-panel p-4">
        <h2 className="text-base font-semibold">What does the language model cost?</h2>
        <p className="text-sm text-soft">
          Nothing: there is none. The built-in assessor works alone until LLM_BASE_URL is set.
        </p>
      </section>
    );
  }
  const tokens = llm.input_tokens_today + llm.output_tokens_today;
  const cost = money(llm.cost_today);
  const answer = `${number(llm.calls)} calls since the gateway started; ${number(tokens)} tokens today, which cost ${cost}.`;
  return (
    <Plot
      question="What does the language model cost?"
      answer={answer}
      table={{
        head: ['What', 'How much'],
        rows: [
          ['Model', llm.model],
          ['Calls since the start', number(llm.calls)],
          ['Tokens sent today', number(llm.input_tokens_today)],
          ['Tokens answered today', number(llm.output_tokens_today)],
          ['Cost today', cost],
        ],
      }}
    >
      <Meter name="Tokens today" value={tokens} max={llm.daily_tokens_max} format={number} />
      <Meter name="Cost today" value={llm.cost_today} max={llm.daily_cost_max} format={money} />
    </Plot>
  );
}

function Meter({
  name,
  value,
  max,
  format,
}: {
  name: string;
  value: number;
  max: number | null;
  format: (value: number) => string;
}) {
  const share = max === null ? 0 : Math.min(100, (value / max) * 100);
  return (
    <div className="mb-3 text-sm">
      <div className="flex justify-between gap-3">
        <span>{name}</span>
        <span className="tabular-nums">
          {format(value)} {max === null ? '(no ceiling)' : `of ${format(max)}`}
        </span>
      </div>
      {max !== null && (
        <svg aria-hidden="true" className="mt-0.5 h-2.5 w-full">
          <rect width="100%" height="100%" rx="2" className="fill-raised" />
          <rect
            width={`${share}%`}
            height="100%"
            rx="2"
            className={share >= 90 ? 'fill-bad' : 'fill-brand'}
          />
        </svg>
      )}
    </div>
  );
}

const number = (value: number) => value.toLocaleString('en');
const money = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 4 });

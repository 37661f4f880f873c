/** The language model's usage and cost. */
import type { LlmState, OverviewModelDay } from '#/client';
import { counted } from '#/text/count';
import { Columns } from './Columns';
import { Legend, Plot } from './Plot';
import { roundUp } from './scale';

/**
 * The limit is not drawn if it exceeds the highest column by more than this factor, which would
 * flatten the columns.
 */
const LIMIT_DRAWN_UP_TO = 4;

/** Shows daily cost or tokens, and today's usage of the daily limits. */
export function ModelUse({
  llm,
  days,
}: {
  llm: LlmState | null;
  days: readonly OverviewModelDay[];
}) {
  const calls = sum(days, (day) => day.calls);
  if (!llm && calls === 0) {
    return (
      <section className="min-w-0 rounded-lg border border-line bg-panel p-4">
        <h2 className="text-base font-semibold">Language model usage</h2>
        <p className="text-sm text-soft">
          No language model configured. Set LLM_BASE_URL to add one.
        </p>
      </section>
    );
  }
  const cost = sum(days, (day) => day.cost);
  // Without configured prices, tokens are shown instead of cost.
  const isPriced = cost > 0;
  const measure = isPriced ? (day: OverviewModelDay) => day.cost : tokensOf;
  const format = isPriced ? money : number;
  const highest = Math.max(...days.map(measure));
  const limit = (isPriced ? llm?.daily_cost_max : llm?.daily_tokens_max) ?? undefined;
  const isLimitDrawn = limit !== undefined && highest > 0 && limit <= highest * LIMIT_DRAWN_UP_TO;
  const max = roundUp(
    Math.max(isPriced ? highest : Math.max(2, highest), isLimitDrawn ? limit : 0),
  );
  const summary = `${isPriced ? money(cost) : counted(sum(days, tokensOf), 'token')} in ${days.length} days for ${counted(calls, 'call')}.${isPriced ? '' : ' No token prices configured.'}`;
  const tokensToday = llm ? llm.input_tokens_today + llm.output_tokens_today : 0;
  return (
    <Plot
      title="Language model usage"
      summary={summary}
      table={{
        head: ['Day (UTC)', 'Calls', 'Tokens sent', 'Tokens received', 'Cost'],
        rows: days.map((day) => [
          nameOf(day),
          number(day.calls),
          number(day.input_tokens),
          number(day.output_tokens),
          money(day.cost),
        ]),
      }}
    >
      <Columns
        label={`Columns by day. ${summary}`}
        max={max}
        format={format}
        limit={isLimitDrawn ? limit : undefined}
        className="h-28"
        columns={days.map((day) => ({
          key: day.from,
          name: nameOf(day),
          tooltip: `${counted(day.calls, 'call')}\n${counted(tokensOf(day), 'token')}\n${money(day.cost)}`,
          parts: [[measure(day), 'fill-brand']],
        }))}
      />
      <Legend
        items={[
          { text: isPriced ? 'Cost by day' : 'Tokens by day', fill: 'fill-brand' },
          ...(isLimitDrawn ? [{ text: 'Daily limit', fill: 'fill-bad' }] : []),
        ]}
      />
      {llm && (
        <div className="mt-4 space-y-3">
          <Meter
            name="Tokens today"
            value={tokensToday}
            max={llm.daily_tokens_max}
            format={number}
          />
          <Meter name="Cost today" value={llm.cost_today} max={llm.daily_cost_max} format={money} />
        </div>
      )}
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
    <div className="text-sm">
      <div className="flex justify-between gap-3">
        <span>{name}</span>
        <span className="tabular-nums">
          {format(value)} {max === null ? '(no limit)' : `of ${format(max)}`}
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

/** Days are in UTC. */
const nameOf = ({ from }: OverviewModelDay) =>
  new Date(from).toLocaleDateString(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const tokensOf = (day: OverviewModelDay) => day.input_tokens + day.output_tokens;
const sum = (days: readonly OverviewModelDay[], of: (day: OverviewModelDay) => number) =>
  days.reduce((all, day) => all + of(day), 0);
const number = (value: number) => value.toLocaleString('en');
const money = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 4 });

/** Requests over time, by decision. */
import type { Overview, OverviewPiece } from '#/client';
import { Columns } from './Columns';
import { Legend, Plot } from './Plot';
import { roundUp } from './scale';

const KINDS = [
  ['forward', 'Forwarded', 'fill-good'],
  ['hold', 'Held', 'fill-hold'],
  ['deny', 'Denied by rule', 'fill-bad'],
] as const;

/** Draws a stacked column for each time bucket. */
export function OverTime({ overview }: { overview: Overview }) {
  const { series, totals } = overview;
  const isDaily = overview.bucket_seconds >= 86_400;
  const nameOf = ({ from }: OverviewPiece) =>
    new Date(from).toLocaleString(
      undefined,
      isDaily
        ? { month: 'short', day: 'numeric' }
        : { weekday: 'short', hour: '2-digit', minute: '2-digit' },
    );
  const all = sum(totals);
  const summary =
    all === 0
      ? 'No requests in this period.'
      : `${count(all, 'request')}: ${count(totals.forward)} forwarded, ${count(totals.hold)} held, ${count(totals.deny)} denied. ${totals.failed === 0 ? 'Every sent request got a response.' : `${count(totals.failed)} got no response, or an incomplete one.`}`;
  return (
    <Plot
      title="Requests over time"
      summary={summary}
      table={{
        head: ['From', ...KINDS.map(([, name]) => name), 'No complete response'],
        rows: series.map((piece) => [
          nameOf(piece),
          piece.forward,
          piece.hold,
          piece.deny,
          piece.failed,
        ]),
      }}
    >
      <Columns
        label={`Requests over time. ${summary}`}
        max={roundUp(Math.max(1, ...series.map(sum)))}
        format={(value) => value.toLocaleString('en')}
        columns={series.map((piece) => ({
          key: piece.from,
          name: nameOf(piece),
          tooltip: KINDS.map(([kind, text]) => `${text}: ${piece[kind]}`).join('\n'),
          parts: KINDS.map(([kind, , fill]) => [piece[kind], fill] as const),
        }))}
      />
      <Legend
        items={KINDS.map(([decision, text, fill]) => ({ text, fill, filter: { decision } }))}
      />
    </Plot>
  );
}

function sum({ forward, hold, deny }: { forward: number; hold: number; deny: number }): number {
  return forward + hold + deny;
}

function count(number: number, noun?: string): string {
  const text = number.toLocaleString('en');
  return noun ? `${text} ${noun}${number === 1 ? '' : 's'}` : text;
}

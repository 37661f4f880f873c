/** Requests over time, by what was decided. */
import type { Overview, OverviewPiece } from '#/client';
import { Columns } from './Columns';
import { Legend, Plot } from './Plot';
import { roundUp } from './scale';

const KINDS = [
  ['forward', 'Forwarded', 'fill-good'],
  ['hold', 'Held for you', 'fill-hold'],
  ['deny', 'Refused by a rule', 'fill-bad'],
] as const;

/** Stacked columns, one for each piece of time. */
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
  const answer =
    all === 0
      ? 'No agent asked for anything in this time.'
      : `${count(all, 'request')}: ${count(totals.forward)} forwarded, ${count(totals.hold)} held, ${count(totals.deny)} refused. ${totals.failed === 0 ? 'Each one that was sent was answered.' : `${count(totals.failed)} of those sent were not answered, or not to the end.`}`;
  return (
    <Plot
      question="When do agents ask, and what becomes of it?"
      answer={answer}
      table={{
        head: ['From', ...KINDS.map(([, name]) => name), 'Not answered'],
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
        label={`Columns over time. ${answer}`}
        max={roundUp(Math.max(1, ...series.map(sum)))}
        format={(value) => value.toLocaleString('en')}
        columns={series.map((piece) => ({
          key: piece.from,
          name: nameOf(piece),
          told: KINDS.map(([kind, text]) => `${text}: ${piece[kind]}`).join('\n'),
          parts: KINDS.map(([kind, , fill]) => [piece[kind], fill] as const),
        }))}
      />
      <Legend names={KINDS.map(([, text, fill]) => [text, fill] as const)} />
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

/** Requests over time, by what was decided. */
import type { Overview, OverviewPiece } from '#/client';
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
  const max = roundUp(Math.max(1, ...series.map(sum)));
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
  const middle = series[Math.floor(series.length / 2)];
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
      <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 text-xs text-soft">
        <div aria-hidden className="flex h-48 flex-col justify-between text-right tabular-nums">
          <span>{max.toLocaleString('en')}</span>
          <span>{(max / 2).toLocaleString('en')}</span>
          <span>0</span>
        </div>
        <svg
          role="img"
          aria-label={`Columns over time. ${answer}`}
          viewBox={`0 0 ${series.length} 100`}
          preserveAspectRatio="none"
          className="h-48 w-full border-b border-line"
        >
          {[0, 50].map((y) => (
            <line
              key={y}
              x2={series.length}
              y1={y}
              y2={y}
              className="stroke-line"
              strokeWidth="1"
              vectorEffect="non-scaling-stroke"
            />
          ))}
          {series.map((piece, index) => (
            <Column key={piece.from} piece={piece} at={index} max={max} name={nameOf(piece)} />
          ))}
        </svg>
        <span />
        <div aria-hidden className="mt-1 flex justify-between gap-2">
          {series[0] && <span>{nameOf(series[0])}</span>}
          {middle && <span className="hidden sm:inline">{nameOf(middle)}</span>}
          <span>now</span>
        </div>
      </div>
      <Legend names={KINDS.map(([, text, fill]) => [text, fill] as const)} />
    </Plot>
  );
}

function Column({
  piece,
  at,
  max,
  name,
}: {
  piece: OverviewPiece;
  at: number;
  max: number;
  name: string;
}) {
  let top = 100;
  const told = KINDS.map(([kind, text]) => `${text}: ${piece[kind]}`).join('\n');
  return (
    <g>
      <title>{`${name}\n${told}`}</title>
      {/* The whole height answers to the pointer, however small the column is. */}
      <rect x={at} width="1" height="100" className="fill-transparent" />
      {KINDS.map(([kind, , fill]) => {
        const height = (piece[kind] / max) * 100;
        top -= height;
        return (
          height > 0 && (
            <rect key={kind} x={at + 0.12} y={top} width="0.76" height={height} className={fill} />
          )
        );
      })}
    </g>
  );
}

function sum({ forward, hold, deny }: { forward: number; hold: number; deny: number }): number {
  return forward + hold + deny;
}

function count(number: number, noun?: string): string {
  const text = number.toLocaleString('en');
  return noun ? `${text} ${noun}${number === 1 ? '' : 's'}` : text;
}

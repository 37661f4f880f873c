/** How many held requests were decided, and how fast. */
import type { Overview } from '#/client';
import { duration } from '#/text/time';
import { Legend, Plot } from './Plot';

/** The kinds with their labels and colors. Approved requests have several statuses, so they have no filter. */
const KINDS = [
  ['approved', 'Approved', 'fill-good', undefined],
  ['denied', 'Denied', 'fill-bad', { status: 'DENIED' }],
  ['expired', 'Expired', 'fill-hold', { status: 'EXPIRED' }],
  ['revoked', 'Revoked', 'fill-soft', { status: 'REVOKED' }],
  ['pending', 'Pending', 'fill-brand', { status: 'PENDING' }],
] as const;

/** Draws one bar of all held requests. */
export function Decided({ overview }: { overview: Overview }) {
  const { held, decision_ms_median: median } = overview;
  const all = KINDS.reduce((sum, [kind]) => sum + held[kind], 0);
  const decided = held.approved + held.denied;
  const summary =
    all === 0
      ? 'No requests were held in this period.'
      : `${decided} of ${all} held requests were approved or denied.`;
  let from = 0;
  return (
    <Plot
      title="Approvals"
      summary={summary}
      table={{
        head: ['Status', 'Requests'],
        rows: KINDS.map(([kind, text]) => [text, held[kind]]),
      }}
    >
      {median !== null && (
        <p className="mb-3">
          <span className="text-3xl font-semibold tabular-nums">{duration(median)}</span>{' '}
          <span className="text-sm text-soft">median time to approval or denial</span>
        </p>
      )}
      <svg role="img" aria-label={summary} className="h-6 w-full">
        <rect width="100%" height="100%" rx="3" className="fill-raised" />
        {KINDS.map(([kind, text, fill]) => {
          const share = all === 0 ? 0 : (held[kind] / all) * 100;
          const at = from;
          from += share;
          return (
            share > 0 && (
              <rect key={kind} x={`${at}%`} width={`${share}%`} height="100%" className={fill}>
                <title>{`${text}: ${held[kind]}`}</title>
              </rect>
            )
          );
        })}
      </svg>
      <Legend
        items={KINDS.map(([kind, text, fill, filter]) => ({
          text: `${text} ${held[kind]}`,
          fill,
          ...(filter && { filter }),
        }))}
      />
    </Plot>
  );
}

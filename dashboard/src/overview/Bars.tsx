/** A horizontal bar chart. */
import type { ReactNode } from 'react';
import { Plot } from './Plot';

/** One bar. */
export interface Bar {
  key: string;
  name: ReactNode;
  text: string;
  count: number;
}

/** Draws bars, longest first. */
export function Bars({
  title,
  summary,
  of,
  bars,
}: {
  title: string;
  summary: ReactNode;
  of: string;
  bars: Bar[];
}) {
  const max = Math.max(1, ...bars.map(({ count }) => count));
  return (
    <Plot
      title={title}
      summary={summary}
      table={{ head: [of, 'Requests'], rows: bars.map(({ text, count }) => [text, count]) }}
    >
      <ul className="space-y-2">
        {bars.map(({ key, name, count }) => (
          <li key={key} className="text-sm">
            <div className="flex items-baseline justify-between gap-3">
              <span className="min-w-0">{name}</span>
              <span className="tabular-nums">{count.toLocaleString('en')}</span>
            </div>
            <svg aria-hidden="true" className="mt-0.5 h-2.5 w-full">
              <rect width="100%" height="100%" rx="2" className="fill-raised" />
              <rect width={`${(count / max) * 100}%`} height="100%" rx="2" className="fill-brand" />
            </svg>
          </li>
        ))}
      </ul>
    </Plot>
  );
}

/**
 * The frame of a chart: title, summary, and the same data as a table for people who cannot see it.
 */
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { RequestFilter } from '#/request/filter';
import { Visible } from '#/text/Visible';

/** The data of a chart. */
export interface Table {
  head: readonly string[];
  rows: ReadonlyArray<readonly (string | number)[]>;
}

/** Shows a chart below its title. */
export function Plot({
  title,
  summary,
  table,
  children,
}: {
  title: string;
  summary: ReactNode;
  table: Table;
  children: ReactNode;
}) {
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-panel p-4">
      <figcaption className="mb-3">
        <h2 className="text-base font-semibold">{title}</h2>
        <p className="text-sm text-soft">{summary}</p>
      </figcaption>
      {children}
      <details className="mt-3 text-sm">
        <summary className="w-fit rounded text-soft underline">Show as table</summary>
        {/* It may be wider than a phone, so it scrolls on its own. */}
        <section
          aria-label={title}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so a keyboard has to reach it
          tabIndex={0}
          className="mt-2 max-h-72 overflow-auto"
        >
          <table className="w-full text-left">
            <thead>
              <tr>
                {table.head.map((name) => (
                  <th key={name} scope="col" className="border-b border-line py-1 pr-3 font-medium">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {table.rows.map((row) => (
                <tr key={String(row[0])}>
                  {row.map((cell, index) => (
                    <td key={table.head[index]} className="border-b border-line py-1 pr-3">
                      {typeof cell === 'string' ? <Visible text={cell} /> : cell}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
}

/** A color of a chart. */
export interface LegendItem {
  text: string;
  fill: string;
  /** The requests that it stands for. */
  filter?: RequestFilter;
}

/** Explains the colors, and links to the requests. */
export function Legend({ items }: { items: readonly LegendItem[] }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      {items.map(({ text, fill, filter }) => (
        <li key={text} className="flex items-center gap-1.5">
          <svg aria-hidden="true" className="size-2.5">
            <rect width="100%" height="100%" rx="2" className={fill} />
          </svg>
          {filter ? (
            <Link to="/history" search={filter} className="underline">
              {text}
            </Link>
          ) : (
            text
          )}
        </li>
      ))}
    </ul>
  );
}

/** What every plot has: the question that it answers, and the same in a table for who cannot see it. */
import type { ReactNode } from 'react';
import { Visible } from '#/text/Visible';

/** The numbers of a plot. */
export interface Table {
  head: readonly string[];
  rows: ReadonlyArray<readonly (string | number)[]>;
}

/** A plot below its question. */
export function Plot({
  question,
  answer,
  table,
  children,
}: {
  question: string;
  answer: ReactNode;
  table: Table;
  children: ReactNode;
}) {
  return (
    <figure className="min-w-0 rounded-lg border border-line bg-panel p-4">
      <figcaption className="mb-3">
        <h2 className="text-base font-semibold">{question}</h2>
        <p className="text-sm text-soft">{answer}</p>
      </figcaption>
      {children}
      <details className="mt-3 text-sm">
        <summary className="w-fit rounded text-soft underline">As a table</summary>
        {/* It may be wider than a phone, and is then scrolled by itself. */}
        <section
          aria-label={question}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
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

/** What a color stands for. */
export function Legend({ names }: { names: ReadonlyArray<readonly [text: string, fill: string]> }) {
  return (
    <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-soft">
      {names.map(([text, fill]) => (
        <li key={text} className="flex items-center gap-1.5">
          <svg aria-hidden="true" className="size-2.5">
            <rect width="100%" height="100%" rx="2" className={fill} />
          </svg>
          {text}
        </li>
      ))}
    </ul>
  );
}

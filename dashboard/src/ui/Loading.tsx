/** The placeholder for data that is loading. */

const WIDTHS = ['w-2/3', 'w-full', 'w-5/6'] as const;

/** Shows the shape of lines of text. Screen readers hear “Loading…”. */
export function Loading() {
  return (
    <div role="status" className="space-y-2.5 py-3">
      <span className="sr-only">Loading…</span>
      {WIDTHS.map((width) => (
        <span
          key={width}
          aria-hidden
          className={`block h-4 rounded bg-raised motion-safe:animate-pulse ${width}`}
        />
      ))}
    </div>
  );
}

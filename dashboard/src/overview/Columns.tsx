/** Columns over time, of one or more parts that stand on one another. */

/** One column. */
export interface Column {
  key: string;
  /** When it is. */
  name: string;
  /** What the pointer is told. */
  told: string;
  /** Its parts from the bottom: how many, and how each is filled. */
  parts: ReadonlyArray<readonly [value: number, fill: string]>;
}

/** The columns with their scale. The last one is the present. */
export function Columns({
  label,
  max,
  format,
  columns,
  ceiling,
  className = 'h-48',
}: {
  label: string;
  /** The upper end of the scale. */
  max: number;
  format: (value: number) => string;
  columns: readonly Column[];
  /** A value that is not to be exceeded, as a line. */
  ceiling?: number | undefined;
  /** How high it is. */
  className?: string;
}) {
  const middle = columns[Math.floor(columns.length / 2)];
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-2 text-xs text-soft">
      <div
        aria-hidden
        className={`flex flex-col justify-between text-right tabular-nums ${className}`}
      >
        <span>{format(max)}</span>
        <span>{format(max / 2)}</span>
        <span>0</span>
      </div>
      <svg
        role="img"
        aria-label={label}
        viewBox={`0 0 ${columns.length} 100`}
        preserveAspectRatio="none"
        className={`w-full border-b border-line ${className}`}
      >
        {[0, 50].map((y) => (
          <line
            key={y}
            x2={columns.length}
            y1={y}
            y2={y}
            className="stroke-line"
            strokeWidth="1"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {columns.map((column, index) => (
          <Drawn key={column.key} column={column} at={index} max={max} />
        ))}
        {ceiling !== undefined && (
          <line
            x2={columns.length}
            y1={100 - (ceiling / max) * 100}
            y2={100 - (ceiling / max) * 100}
            className="stroke-bad"
            strokeWidth="2"
            strokeDasharray="6 4"
            vectorEffect="non-scaling-stroke"
          />
        )}
      </svg>
      <span />
      <div aria-hidden className="mt-1 flex justify-between gap-2">
        {columns[0] && <span>{columns[0].name}</span>}
        {middle && <span className="hidden sm:inline">{middle.name}</span>}
        <span>now</span>
      </div>
    </div>
  );
}

function Drawn({ column, at, max }: { column: Column; at: number; max: number }) {
  let top = 100;
  return (
    <g>
      <title>{`${column.name}\n${column.told}`}</title>
      {/* The whole height answers to the pointer, however small the column is. */}
      <rect x={at} width="1" height="100" className="fill-transparent" />
      {column.parts.map(([value, fill]) => {
        const height = (value / max) * 100;
        top -= height;
        return (
          height > 0 && (
            <rect key={fill} x={at + 0.12} y={top} width="0.76" height={height} className={fill} />
          )
        );
      })}
    </g>
  );
}

/** A stacked column chart over time. */

/** One column. */
export interface Column {
  key: string;
  /** The label of its time. */
  name: string;
  /** The rest of the tooltip. */
  tooltip: string;
  /** Its parts from the bottom: value and fill class. */
  parts: ReadonlyArray<readonly [value: number, fill: string]>;
}

/** Draws columns with a scale. The last one is the current period. */
export function Columns({
  label,
  max,
  format,
  columns,
  limit,
  className = 'h-48',
}: {
  label: string;
  /** The end of the scale. */
  max: number;
  format: (value: number) => string;
  columns: readonly Column[];
  /** A limit, drawn as a line. */
  limit?: number | undefined;
  /** The height class. */
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
          <ColumnBars key={column.key} column={column} at={index} max={max} />
        ))}
        {limit !== undefined && (
          <line
            x2={columns.length}
            y1={100 - (limit / max) * 100}
            y2={100 - (limit / max) * 100}
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

function ColumnBars({ column, at, max }: { column: Column; at: number; max: number }) {
  let top = 100;
  return (
    <g>
      <title>{`${column.name}\n${column.tooltip}`}</title>
      {/* The tooltip covers the whole height, however small the column is. */}
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

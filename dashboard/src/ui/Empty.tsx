/** An empty state. */
import type { ReactNode } from 'react';

/** Says that there is nothing yet, and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-dashed border-line bg-panel p-6 text-center">
      <p className="font-semibold">{title}</p>
      {children && <div className="mt-1 space-y-3 text-sm text-soft">{children}</div>}
    </div>
  );
}

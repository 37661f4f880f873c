/** What stands where there is nothing yet. */
import type { ReactNode } from 'react';

/** Says that there is nothing, and what can be done about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="rounded-lg border border-dashed border-line bg-panel p-6 text-center">
      <p className="font-semibold">{title}</p>
      {children && <div className="mt-1 space-y-3 text-sm text-soft">{children}</div>}
    </div>
  );
}

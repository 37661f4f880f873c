/** A bordered section of a page. */
import type { ReactNode } from 'react';
import { useLanding } from './useLanding';

/** Shows a section with an optional heading. Links may name `anchor` after `#`. */
export function Panel({
  anchor,
  title,
  actions,
  children,
}: {
  anchor?: string;
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const ref = useLanding(anchor);
  return (
    <section
      ref={ref}
      id={anchor}
      tabIndex={anchor === undefined ? undefined : -1}
      className="min-w-0 rounded-lg border border-line bg-panel p-4"
    >
      {title && (
        <div className="mb-3 flex flex-wrap items-center justify-between gap-2">
          <h2 className="text-base font-semibold">{title}</h2>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

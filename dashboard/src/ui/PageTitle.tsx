/** The heading of a page. */
import { type ReactNode, useEffect, useRef } from 'react';
import { showHeading } from './heading';

/** Shows the heading and the page's actions. */
export function PageTitle({ children, actions }: { children: ReactNode; actions?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  // After each render, because the name of what the page shows may change.
  useEffect(() => showHeading(heading.current?.textContent ?? ''));
  useEffect(() => () => showHeading(''), []);
  return (
    <div className="mb-4 flex flex-wrap items-center justify-between gap-2">
      <h1 ref={heading} className="text-xl font-semibold">
        {children}
      </h1>
      {actions}
    </div>
  );
}

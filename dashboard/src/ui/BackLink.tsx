/** A link back to a list. */
import { Link, type LinkProps } from '@tanstack/react-router';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';

/** Shows the link. */
export function BackLink({
  to,
  search,
  children,
}: {
  to: LinkProps['to'];
  search?: LinkProps['search'];
  children: ReactNode;
}) {
  return (
    <Link
      to={to}
      {...(search && { search })}
      className="mb-2 inline-flex min-h-10 items-center gap-1 text-sm underline"
    >
      <ArrowLeft aria-hidden className="size-4" /> {children}
    </Link>
  );
}

/** Shown inside the frame in place of a page that does not exist. */
import { notFound } from '@tanstack/react-router';
import { BackLink } from '#/ui/BackLink';
import { PageTitle } from '#/ui/PageTitle';

/** Shows that there is no such page, and leads to the queue. */
export function NotFound() {
  return (
    <>
      <BackLink to="/">Queue</BackLink>
      <PageTitle>Page not found</PageTitle>
      <p className="text-sm">Nothing is at this address. The menu lists all pages.</p>
    </>
  );
}

/** Throws unless the address names a definition by its number: `/agents/new` is not a page. */
export function requireId({ params: { id } }: { params: { id: number } }) {
  if (!Number.isSafeInteger(id)) throw notFound();
}

import { createRootRoute, Link, Outlet } from '@tanstack/react-router';
import { Failure } from '#/ui/Failure';

export const Route = createRootRoute({
  component: Outlet,
  errorComponent: ({ error }) => (
    <main className="mx-auto max-w-xl p-6">
      <h1 className="mb-3 text-xl font-semibold">This page could not be shown</h1>
      <Failure error={error} />
    </main>
  ),
  notFoundComponent: () => (
    <main className="mx-auto max-w-xl p-6">
      <h1 className="mb-3 text-xl font-semibold">There is no such page</h1>
      <Link to="/" className="text-brand underline">
        To the queue
      </Link>
    </main>
  ),
});

import { createRootRoute, Link, Outlet } from '@tanstack/react-router';
import { Failure } from '#/ui/Failure';

export const Route = createRootRoute({
  component: Outlet,
  errorComponent: ({ error }) => (
    <main className="mx-auto max-w-xl p-6">
      <h1 className="mb-3 text-xl font-semibold">Something went wrong on this page</h1>
      <Failure error={error} />
    </main>
  ),
  notFoundComponent: () => (
    <main className="mx-auto max-w-xl p-6">
      <h1 className="mb-3 text-xl font-semibold">Page not found</h1>
      <Link to="/" className="text-brand underline">
        Go to queue
      </Link>
    </main>
  ),
});

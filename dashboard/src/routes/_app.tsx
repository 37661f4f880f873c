import { createFileRoute, redirect } from '@tanstack/react-router';
import { LiveProvider } from '#/live/LiveProvider';
import { DecisionsProvider } from '#/queue/Decisions';
import { ownPage } from '#/session/next';
import { isSignedIn } from '#/session/session';
import { Shell } from '#/shell/Shell';

export const Route = createFileRoute('/_app')({
  beforeLoad: async ({ location }) => {
    if (await isSignedIn()) return;
    const next = ownPage(location.publicHref);
    throw redirect({ to: '/sign-in', search: next ? { next } : {} });
  },
  component: () => (
    <LiveProvider>
      <DecisionsProvider>
        <Shell />
      </DecisionsProvider>
    </LiveProvider>
  ),
});

import { createFileRoute, redirect } from '@tanstack/react-router';
import { LiveProvider } from '#/live/LiveProvider';
import { isSignedIn } from '#/session/session';
import { Shell } from '#/shell/Shell';

export const Route = createFileRoute('/_app')({
  beforeLoad: async () => {
    if (!(await isSignedIn())) throw redirect({ to: '/sign-in' });
  },
  component: () => (
    <LiveProvider>
      <Shell />
    </LiveProvider>
  ),
});

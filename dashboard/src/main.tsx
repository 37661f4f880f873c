import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createRouter, RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { GATEWAY_PATH } from './gateway';
import { registerWorker } from './notify/worker';
import { routeTree } from './routeTree.gen';
import { setUpClient } from './session/client';
import { onSignedOut, ProblemError } from './session/session';
import { PageError } from './shell/PageError';
import { startTheme } from './ui/theme';
import './styles.css';

startTheme();
setUpClient();
registerWorker();

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A rejected request would be rejected again; a network or server error may be temporary.
      retry: (failures, error) =>
        !(error instanceof ProblemError && error.status < 500) && failures < 3,
      staleTime: 5_000,
    },
  },
});

const router = createRouter({
  routeTree,
  basepath: `${GATEWAY_PATH}/app`,
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

onSignedOut(() => {
  queries.clear();
  void router.invalidate();
});

const root = document.getElementById('root');
if (!root) throw new Error('index.html has an element for the dashboard');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);

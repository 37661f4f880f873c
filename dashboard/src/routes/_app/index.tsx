import { createFileRoute } from '@tanstack/react-router';
import { Queue } from '#/queue/Queue';

interface Search {
  action?: string;
}

export const Route = createFileRoute('/_app/')({
  // An invalid id is kept, so that the page reports it instead of selecting another request.
  validateSearch: ({ action }: Record<string, unknown>): Search =>
    action === undefined || action === ''
      ? {}
      : { action: typeof action === 'string' ? action : JSON.stringify(action) },
  component: () => <Queue selectedId={Route.useSearch().action} />,
});

import { createFileRoute } from '@tanstack/react-router';
import { Queue } from '#/queue/Queue';

interface Search {
  action?: string;
}

export const Route = createFileRoute('/_app/')({
  // An id in any form was asked for: one that cannot be is reported, and no other takes its place.
  validateSearch: ({ action }: Record<string, unknown>): Search =>
    action === undefined || action === ''
      ? {}
      : { action: typeof action === 'string' ? action : JSON.stringify(action) },
  component: () => <Queue selectedId={Route.useSearch().action} />,
});

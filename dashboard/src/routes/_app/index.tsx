import { createFileRoute } from '@tanstack/react-router';
import { Queue } from '#/queue/Queue';

interface Search {
  action?: string;
}

export const Route = createFileRoute('/_app/')({
  validateSearch: (search: Record<string, unknown>): Search =>
    typeof search.action === 'string' ? { action: search.action } : {},
  component: () => <Queue selectedId={Route.useSearch().action} />,
});

import { createFileRoute } from '@tanstack/react-router';
import { Queue } from '#/queue/Queue';
import { type View, viewOf } from '#/queue/view';

interface Search extends View {
  action?: string | undefined;
}

export const Route = createFileRoute('/_app/')({
  // An invalid id is kept, so that the page reports it instead of selecting another request.
  validateSearch: (search: Record<string, unknown>): Search => {
    const { action } = search;
    const view = viewOf(search);
    if (action === undefined || action === '') return view;
    return { ...view, action: typeof action === 'string' ? action : JSON.stringify(action) };
  },
  component: QueuePage,
});

function QueuePage() {
  const { action, ...view } = Route.useSearch();
  return <Queue selectedId={action} view={view} />;
}

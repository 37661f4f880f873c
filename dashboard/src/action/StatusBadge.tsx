/** The status of an action, as a badge. */
import type { ActionStatus } from '#/client';
import { Badge } from '#/ui/Badge';
import { STATUSES } from './outcome';

/** Shows an action's status. */
export function StatusBadge({ status }: { status: ActionStatus }) {
  const { word, tone } = STATUSES[status];
  return <Badge tone={tone}>{word}</Badge>;
}

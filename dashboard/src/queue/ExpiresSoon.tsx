/** A mark for a request that expires soon. */
import type { Action } from '#/client';
import { Badge } from '#/ui/Badge';
import { useClock } from '#/ui/now';
import { isExpiringSoon } from './view';

/** Shows the mark while a tenth of the time to decide is left; renders nothing before. */
export function ExpiresSoon({ action }: { action: Action }) {
  const isSoon = useClock((now) => isExpiringSoon(action, now));
  return isSoon ? <Badge tone="warn">Expires soon</Badge> : null;
}

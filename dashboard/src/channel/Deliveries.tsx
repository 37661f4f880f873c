/** The messages of a channel. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Delivery, DeliveryState } from '#/client';
import { listDeliveriesInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { dateTime, timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { useNow } from '#/ui/now';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';
import { EVENTS } from './draft';

const STATES: Readonly<Record<DeliveryState, readonly ['soft' | 'good' | 'warn' | 'bad', string]>> =
  {
    waiting: ['warn', 'Waiting'],
    delivered: ['good', 'Delivered'],
    skipped: ['soft', 'Not needed'],
    failed: ['bad', 'Failed'],
    dropped: ['warn', 'Dropped'],
  };

/** Lists the messages, the newest first. */
export function Deliveries({ channelId }: { channelId: number }) {
  const deliveries = useInfiniteQuery({
    ...listDeliveriesInfiniteOptions({ path: { id: channelId }, query: { limit: 50 } }),
    initialPageParam: { path: { id: channelId } },
    getNextPageParam: nextCursor,
    // The event stream does not include deliveries.
    refetchInterval: 5000,
  });
  return (
    <Panel title="Messages">
      <Pages query={deliveries} empty={<p className="text-sm text-soft">No messages yet.</p>}>
        {(items) => (
          <ul aria-label="Messages" className="divide-y divide-line">
            {items.map((delivery) => (
              <Message key={delivery.id} delivery={delivery} />
            ))}
          </ul>
        )}
      </Pages>
    </Panel>
  );
}

function Message({ delivery }: { delivery: Delivery }) {
  const now = useNow();
  const [tone, text] = STATES[delivery.state];
  const [kind, id = ''] = delivery.subject.split(':');
  const event = EVENTS.find(([event]) => event === delivery.event)?.[1] ?? delivery.event;
  return (
    <li className="space-y-1 py-2 text-sm">
      <p className="flex flex-wrap items-center gap-2">
        <Badge tone={tone}>{text}</Badge>
        {kind === 'action' ? (
          <Link to="/" search={{ action: id }} className="underline">
            {event}
          </Link>
        ) : (
          event
        )}
        <span className="text-soft" title={dateTime(delivery.at)}>
          {timeAgo(delivery.at, now)}
        </span>
      </p>
      {delivery.last_error !== null && (
        <p className={delivery.state === 'skipped' ? 'text-soft' : 'text-bad'}>
          <Visible text={delivery.last_error} />
        </p>
      )}
      {delivery.next_attempt_at !== null && (
        <p className="text-soft">
          {delivery.attempts > 0 && `Attempt ${delivery.attempts} failed. `}
          Next attempt at {dateTime(delivery.next_attempt_at)}
        </p>
      )}
    </li>
  );
}

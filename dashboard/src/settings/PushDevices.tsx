/** The browsers in which the user gets push notifications. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import type { PushDevice } from '#/client';
import {
  listPushDevicesInfiniteOptions,
  listPushDevicesInfiniteQueryKey,
  removePushDeviceMutation,
  testPushDeviceMutation,
} from '#/client/@tanstack/react-query.gen';
import { wantNotifications } from '#/notify/notify';
import { onPushState, ownPushDevice, pushState } from '#/notify/push';
import { dateTime, timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { useNow } from '#/ui/now';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';

/** Lists the browsers; each can be tested and removed. */
export function PushDevices() {
  const queries = useQueryClient();
  const push = useSyncExternalStore(onPushState, pushState);
  const devices = useInfiniteQuery({
    ...listPushDevicesInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [removing, setRemoving] = useState<PushDevice | null>(null);
  useEffect(() => {
    // This browser has been registered, or removed.
    if (push === 'on' || push === 'off') {
      void queries.invalidateQueries({ queryKey: listPushDevicesInfiniteQueryKey() });
    }
  }, [queries, push]);
  return (
    <Panel title="Push notifications">
      <p className="mb-2 text-sm text-soft">
        These browsers are notified while GaiterGuard is closed, of requests that you may decide on.
        Turn on notifications in a browser to add it.
      </p>
      <Pages query={devices} empty="No browser gets push notifications.">
        {(all) => (
          <ul aria-label="Browsers with push notifications" className="divide-y divide-line">
            {all.map((device) => (
              <Device key={device.id} device={device} onRemove={() => setRemoving(device)} />
            ))}
          </ul>
        )}
      </Pages>
      {removing && <Removal device={removing} onClose={() => setRemoving(null)} />}
    </Panel>
  );
}

function Device({ device, onRemove }: { device: PushDevice; onRemove: () => void }) {
  const now = useNow();
  const queries = useQueryClient();
  const test = useMutation({
    ...testPushDeviceMutation(),
    onSettled: () => queries.invalidateQueries({ queryKey: listPushDevicesInfiniteQueryKey() }),
  });
  const { id, name, created_at, last_delivered_at, last_error, last_error_at } = device;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm">
      <span className="min-w-0">
        <span className="font-medium">
          <Visible text={name} />
        </span>{' '}
        {id === ownPushDevice() && <Badge tone="good">This browser</Badge>}
        <span className="block text-soft">
          Added {dateTime(created_at)}.{' '}
          {last_delivered_at === null
            ? 'Not notified yet.'
            : `Last notified ${timeAgo(last_delivered_at, now)}.`}
        </span>
        {last_error !== null && (
          <span className="block text-bad">
            {last_error_at !== null && `${timeAgo(last_error_at, now)}: `}
            <Visible text={last_error} />
          </span>
        )}
        {test.data && (
          <span className="block" role="status">
            {test.data.delivered ? 'Test notification sent.' : 'Test notification failed: '}
            {test.data.error !== null && <Visible text={test.data.error} />}
          </span>
        )}
        <Failure error={test.error} />
      </span>
      <span className="flex gap-2">
        <Button disabled={test.isPending} onClick={() => test.mutate({ path: { id } })}>
          Send test
        </Button>
        <Button onClick={onRemove}>Remove…</Button>
      </span>
    </li>
  );
}

function Removal({ device, onClose }: { device: PushDevice; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    ...removePushDeviceMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: listPushDevicesInfiniteQueryKey() }),
  });
  return (
    <Confirm
      title="Remove this browser?"
      action="Remove browser"
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        // Otherwise, this page would register it again.
        if (device.id === ownPushDevice()) void wantNotifications(false).then(onClose);
        else remove.mutate({ path: { id: device.id } });
      }}
      onClose={onClose}
    >
      <p>It receives no further push notifications. It stays signed in.</p>
    </Confirm>
  );
}

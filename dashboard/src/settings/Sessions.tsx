/** The user's sessions. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Session } from '#/client';
import {
  endOtherSessionsMutation,
  endSessionMutation,
  listSessionsInfiniteOptions,
  listSessionsInfiniteQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { browserName } from '#/text/browser';
import { dateTime, timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { useNow } from '#/ui/now';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';

/** Lists the sessions; the others can be ended, one by one or all of them. */
export function Sessions() {
  const sessions = useInfiniteQuery({
    ...listSessionsInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [ending, setEnding] = useState<Session | 'others' | null>(null);
  const hasOthers = sessions.data?.pages.some(({ items }) =>
    items.some(({ isCurrent }) => !isCurrent),
  );
  const close = () => setEnding(null);
  return (
    <Panel
      title="Sessions"
      actions={
        hasOthers && (
          <Button onClick={() => setEnding('others')}>Sign out all other devices…</Button>
        )
      }
    >
      <Pages query={sessions} empty={null}>
        {(all) => (
          <ul aria-label="Sessions" className="divide-y divide-line">
            {all.map((session) => (
              <SessionItem key={session.id} session={session} onEnd={() => setEnding(session)} />
            ))}
          </ul>
        )}
      </Pages>
      {ending === 'others' && <EndOthers onClose={close} />}
      {ending && ending !== 'others' && <EndSession session={ending} onClose={close} />}
    </Panel>
  );
}

function SessionItem({ session, onEnd }: { session: Session; onEnd: () => void }) {
  const now = useNow();
  const { userAgent, address, isCurrent, lastUsedAt, createdAt, expiresAt } = session;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm">
      <span className="min-w-0">
        <span className="font-medium">
          <Visible text={browserName(userAgent)} />
        </span>{' '}
        {isCurrent && <Badge tone="good">This session</Badge>}
        <span className="block">
          {address !== null && (
            <>
              <Visible text={address} /> ·{' '}
            </>
          )}
          Last used {timeAgo(lastUsedAt, now)}
        </span>
        <span className="block text-soft">
          Signed in {dateTime(createdAt)}. Expires {dateTime(expiresAt)} unless used.
        </span>
      </span>
      {!isCurrent && <Button onClick={onEnd}>Sign out…</Button>}
    </li>
  );
}

function EndSession({ session, onClose }: { session: Session; onClose: () => void }) {
  const queries = useQueryClient();
  const end = useMutation({
    ...endSessionMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: listSessionsInfiniteQueryKey() }),
  });
  return (
    <Confirm
      title="Sign out this device?"
      action="Sign out device"
      isBusy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate({ path: { id: session.id } })}
      onClose={onClose}
    >
      <p>It is signed out immediately and has to sign in again.</p>
    </Confirm>
  );
}

function EndOthers({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const end = useMutation({
    ...endOtherSessionsMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: listSessionsInfiniteQueryKey() }),
  });
  return (
    <Confirm
      title="Sign out all other devices?"
      action="Sign out"
      isBusy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate({})}
      onClose={onClose}
    >
      <p>
        Every session except this one ends immediately, and those devices have to sign in again.
      </p>
    </Confirm>
  );
}

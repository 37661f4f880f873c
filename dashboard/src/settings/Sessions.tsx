/** The user's sessions. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Session } from '#/client';
import {
  endSessionMutation,
  listSessionsInfiniteOptions,
  listSessionsInfiniteQueryKey,
} from '#/client/@tanstack/react-query.gen';
import { dateTime } from '#/text/time';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';

/** Lists the sessions; other sessions can be ended. */
export function Sessions() {
  const sessions = useInfiniteQuery({
    ...listSessionsInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [ending, setEnding] = useState<Session | null>(null);
  return (
    <Panel title="Sessions">
      <Pages query={sessions} empty={null}>
        {(all) => (
          <ul className="divide-y divide-line">
            {all.map((session) => (
              <li
                key={session.id}
                className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm"
              >
                <span>
                  Signed in {dateTime(session.createdAt)}{' '}
                  {session.isCurrent && <Badge tone="good">This session</Badge>}
                  <span className="block text-soft">
                    Expires {dateTime(session.expiresAt)} unless used
                  </span>
                </span>
                {!session.isCurrent && <Button onClick={() => setEnding(session)}>End…</Button>}
              </li>
            ))}
          </ul>
        )}
      </Pages>
      {ending && <EndSession session={ending} onClose={() => setEnding(null)} />}
    </Panel>
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
      title="End this session?"
      action="End session"
      isBusy={end.isPending}
      error={end.error}
      onConfirm={() => end.mutate({ path: { id: session.id } })}
      onClose={onClose}
    >
      <p>That browser is signed out immediately and has to sign in again.</p>
    </Confirm>
  );
}

/** The members of the workspace. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Member } from '#/client';
import {
  changeMemberMutation,
  listMembersInfiniteOptions,
  meOptions,
  removeMemberMutation,
} from '#/client/@tanstack/react-query.gen';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';
import { UnreadableBadge } from '#/ui/Unreadable';
import { isIncomplete, RightsFields, rightsBody } from './RightsFields';
import { RightsText } from './RightsText';

/** The member that a dialog is open for. */
type Asked = { kind: 'change' | 'remove'; member: Member };

/** Lists the members. Owners can change and remove them. */
export function Members() {
  const members = useInfiniteQuery({
    ...listMembersInfiniteOptions({ query: { limit: 200 } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = () => setAsked(null);
  return (
    <Panel title="Members">
      <Pages query={members} empty={null}>
        {(all) => (
          <ul aria-label="Members" className="divide-y divide-line">
            {all.map((member) => (
              <MemberItem key={member.userId} member={member} onAsk={setAsked} />
            ))}
          </ul>
        )}
      </Pages>
      {asked?.kind === 'change' && <ChangeMember member={asked.member} onClose={close} />}
      {asked?.kind === 'remove' && <RemoveMember member={asked.member} onClose={close} />}
    </Panel>
  );
}

function MemberItem({ member, onAsk }: { member: Member; onAsk: (asked: Asked) => void }) {
  const { data: me } = useQuery(meOptions());
  const { email, unreadable, joinedAt, userId } = member;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm">
      <span className="min-w-0">
        <span className="font-medium break-all">
          <Visible text={email} />
        </span>{' '}
        {userId === me?.id && <Badge tone="good">You</Badge>}
        {unreadable && <UnreadableBadge />}
        {!unreadable && (
          <span className="block">
            <RightsText rights={member} />{' '}
            <span className="text-soft">Joined {dateTime(joinedAt)}</span>
          </span>
        )}
      </span>
      <span className="flex gap-2">
        <Button
          needs="manage"
          aria-label={`Change role of ${email}`}
          onClick={() => onAsk({ kind: 'change', member })}
        >
          Change role…
        </Button>
        <Button
          needs="manage"
          aria-label={`Remove ${email}`}
          onClick={() => onAsk({ kind: 'remove', member })}
        >
          Remove…
        </Button>
      </span>
    </li>
  );
}

function ChangeMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const { role, services, effects } = member;
  const [rights, setRights] = useState({ role, services, effects });
  const queries = useQueryClient();
  const change = useMutation({
    ...changeMemberMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ path: { user_id: member.userId }, body: rightsBody(rights) });
  };
  return (
    <Modal title={`Change role of ${member.email}`} onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <RightsFields rights={rights} error={change.error} onChange={setRights} />
        <Failure error={change.error} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="main"
            disabled={isIncomplete(rights)}
            isBusy={change.isPending}
          >
            Save
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function RemoveMember({ member, onClose }: { member: Member; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    ...removeMemberMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <Confirm
      title={`Remove ${member.email}?`}
      action="Remove member"
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => remove.mutate({ path: { user_id: member.userId } })}
      onClose={onClose}
    >
      <p>
        All of this person’s sessions in the workspace end immediately, and the invitations that
        they created are revoked. Their decisions stay in the history.
      </p>
    </Confirm>
  );
}

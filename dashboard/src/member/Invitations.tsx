/** Invitations to the workspace. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { UserPlus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Invitation, NewInvitationLink } from '#/client';
import {
  createInvitationMutation,
  listInvitationsInfiniteOptions,
  revokeInvitationMutation,
} from '#/client/@tanstack/react-query.gen';
import { fieldError, formError } from '#/session/client';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';
import { TextField } from '#/ui/TextField';
import { isIncomplete, type Rights, RightsFields, rightsBody } from './RightsFields';
import { RightsText } from './RightsText';

/** The rights that the form starts with. */
const FIRST_RIGHTS: Rights = { role: 'approver', services: null, effects: null };

const FIELDS = ['email', 'role', 'services', 'effects'];

/** Shows the button that opens the form. */
export function InviteButton() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button tone="main" needs="manage" onClick={() => setIsOpen(true)}>
        <UserPlus aria-hidden className="size-4" /> Invite person
      </Button>
      {isOpen && <Invite onClose={() => setIsOpen(false)} />}
    </>
  );
}

/** Asks for the person and the role, then shows the link. */
function Invite({ onClose }: { onClose: () => void }) {
  const [email, setEmail] = useState('');
  const [rights, setRights] = useState(FIRST_RIGHTS);
  const queries = useQueryClient();
  const invite = useMutation({
    ...createInvitationMutation(),
    // Drops the link from the cache with the dialog.
    gcTime: 0,
    onSuccess: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate({ body: { email, ...rightsBody(rights) } });
  };
  if (invite.data) return <InvitationLink invited={invite.data} email={email} onClose={onClose} />;
  return (
    <Modal title="Invite a person" onClose={onClose}>
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="Email"
          type="email"
          autoFocus
          required
          maxLength={254}
          hint="Only an account with this address can accept the invitation."
          error={fieldError(invite.error, 'email')}
          value={email}
          onChange={({ target }) => setEmail(target.value)}
        />
        <RightsFields rights={rights} error={invite.error} onChange={setRights} />
        <Failure error={formError(invite.error, FIELDS)} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            tone="main"
            disabled={isIncomplete(rights)}
            isBusy={invite.isPending}
          >
            Create invitation
          </Button>
        </div>
      </form>
    </Modal>
  );
}

function InvitationLink({
  invited: { link, mailed, mail_error: mailError },
  email,
  onClose,
}: {
  invited: NewInvitationLink;
  email: string;
  onClose: () => void;
}) {
  return (
    <Modal title={mailed ? 'Invitation sent' : 'Send this link'}>
      <div className="space-y-4">
        {mailError !== null && <Failure>{`The email was not sent: ${mailError}.`}</Failure>}
        {mailed ? (
          <p className="text-sm">
            The link was sent to <Visible text={email} />. You can also pass it on yourself, over a
            channel that only they read. It works once, within 72 hours, and cannot be shown again.
          </p>
        ) : (
          <p className="text-sm">
            Send it to <Visible text={email} />, over a channel that only they read. It works once,
            within 72 hours, and cannot be shown again.
          </p>
        )}
        <code
          data-testid="invitation-link"
          className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
        >
          {link}
        </code>
        <div className="flex justify-between gap-2">
          <CopyButton text={link} label="Copy link" />
          <Button tone="main" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Lists the open invitations, each of which can be revoked. */
export function Invitations() {
  const invitations = useInfiniteQuery({
    ...listInvitationsInfiniteOptions({ query: { limit: 200 } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [revoking, setRevoking] = useState<Invitation | null>(null);
  return (
    <Panel title="Open invitations">
      <Pages
        query={invitations}
        empty={<p className="text-sm text-soft">Nobody is invited at the moment.</p>}
      >
        {(all) => (
          <ul aria-label="Open invitations" className="divide-y divide-line">
            {all.map((invitation) => (
              <li
                key={invitation.id}
                className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm"
              >
                <span className="min-w-0">
                  <span className="font-medium break-all">
                    <Visible text={invitation.email} />
                  </span>
                  <span className="block">
                    <RightsText rights={invitation} />{' '}
                    <span className="text-soft">Expires {dateTime(invitation.expiresAt)}</span>
                  </span>
                </span>
                <Button
                  aria-label={`Revoke the invitation of ${invitation.email}`}
                  onClick={() => setRevoking(invitation)}
                >
                  Revoke…
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Pages>
      {revoking && <Revoke invitation={revoking} onClose={() => setRevoking(null)} />}
    </Panel>
  );
}

function Revoke({ invitation, onClose }: { invitation: Invitation; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    ...revokeInvitationMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <Confirm
      title="Revoke this invitation?"
      action="Revoke invitation"
      isBusy={revoke.isPending}
      error={revoke.error}
      onConfirm={() => revoke.mutate({ path: { id: invitation.id } })}
      onClose={onClose}
    >
      <p>
        The link for <Visible text={invitation.email} /> stops working immediately.
      </p>
    </Confirm>
  );
}

import { createFileRoute } from '@tanstack/react-router';
import { Invitations, InviteButton } from '#/member/Invitations';
import { Members } from '#/member/Members';
import { PageTitle } from '#/ui/PageTitle';
import { IfPermitted, RoleNote } from '#/ui/RoleNote';

export const Route = createFileRoute('/_app/members')({ component: MembersPage });

function MembersPage() {
  return (
    <>
      <PageTitle actions={<InviteButton />}>Members</PageTitle>
      <RoleNote needs="manage" />
      <div className="space-y-4">
        <Members />
        <IfPermitted needs="manage">
          <Invitations />
        </IfPermitted>
      </div>
    </>
  );
}

/** Checks the log, and takes it home. */
import { useMutation } from '@tanstack/react-query';
import { Download, ShieldCheck } from 'lucide-react';
import { verifyAuditMutation } from '#/client/@tanstack/react-query.gen';
import { messageOf } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { exportAudit } from './exportAudit';

/** The two buttons, and what came of pressing them. */
export function AuditTools() {
  const verify = useMutation(verifyAuditMutation());
  const download = useMutation({ mutationFn: exportAudit });
  const found = verify.data;
  return (
    <div className="mb-4 space-y-3">
      <div className="flex flex-wrap gap-2">
        <Button isBusy={verify.isPending} onClick={() => verify.mutate({})}>
          <ShieldCheck aria-hidden className="size-4" /> Verify
        </Button>
        <Button isBusy={download.isPending} onClick={() => download.mutate()}>
          <Download aria-hidden className="size-4" /> Export
        </Button>
      </div>
      <div role="status" className="empty:hidden">
        {found?.ok && (
          <p className="rounded-md border border-good bg-panel p-3 text-sm text-good">
            The log is whole: each of {found.entries.toLocaleString('en')} entries of this gateway
            follows from the one before it.
          </p>
        )}
        {download.isSuccess && <p className="text-sm text-soft">The file is handed over.</p>}
      </div>
      {found && !found.ok && (
        <Failure>
          The log has been changed: {found.first_fault}. Whoever can write to the database did this;
          see the security page of the documentation.
        </Failure>
      )}
      {verify.error && <Failure>It could not be verified: {messageOf(verify.error)}.</Failure>}
      {download.error && <Failure>It could not be exported: {messageOf(download.error)}.</Failure>}
    </div>
  );
}

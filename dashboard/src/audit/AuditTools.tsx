/** Verifies and exports the audit log, and downloads its newest checkpoint. */
import { useMutation } from '@tanstack/react-query';
import { Download, ShieldCheck, Stamp } from 'lucide-react';
import { verifyAuditMutation } from '#/client/@tanstack/react-query.gen';
import { messageOf } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { downloadCheckpoint } from './downloadCheckpoint';
import { exportAudit } from './exportAudit';

/** Shows the buttons and their results. */
export function AuditTools() {
  const verify = useMutation(verifyAuditMutation());
  const download = useMutation({ mutationFn: exportAudit });
  const checkpoint = useMutation({ mutationFn: downloadCheckpoint });
  const result = verify.data;
  return (
    <div className="mb-4 space-y-3">
      <div className="flex flex-wrap gap-2">
        <Button isBusy={verify.isPending} onClick={() => verify.mutate({})}>
          <ShieldCheck aria-hidden className="size-4" /> Verify log
        </Button>
        <Button isBusy={download.isPending} onClick={() => download.mutate()}>
          <Download aria-hidden className="size-4" /> Export log
        </Button>
        <Button isBusy={checkpoint.isPending} onClick={() => checkpoint.mutate()}>
          <Stamp aria-hidden className="size-4" /> Download checkpoint
        </Button>
      </div>
      <div role="status" className="empty:hidden">
        {result?.ok && (
          <p className="rounded-md border border-good bg-panel p-3 text-sm text-good">
            Verified: all {result.entries.toLocaleString('en')} entries of this gateway are intact.
          </p>
        )}
        {download.isSuccess && <p className="text-sm text-soft">Export downloaded</p>}
        {checkpoint.data && (
          <p className="max-w-prose text-sm text-soft">
            Checkpoint {checkpoint.data.number} downloaded. Keep it where the gateway’s database
            cannot be changed: <code>gaiterguard audit verify --checkpoint</code> shows later
            whether the end of the log was cut off. Public key:{' '}
            <code className="break-all">{checkpoint.data.key}</code>
          </p>
        )}
      </div>
      {result && !result.ok && (
        <Failure>
          The log or the stored requests were changed: {result.first_fault}. Only someone with write
          access to the database can do this: see SECURITY.md.
        </Failure>
      )}
      {verify.error && <Failure>Verification failed: {messageOf(verify.error)}.</Failure>}
      {checkpoint.error && <Failure>Download failed: {messageOf(checkpoint.error)}.</Failure>}
      {download.error && <Failure>Export failed: {messageOf(download.error)}.</Failure>}
    </div>
  );
}

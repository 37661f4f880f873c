/** Asks before something is done that cannot be taken back. */
import type { ReactNode } from 'react';
import { Button } from './Button';
import { Failure } from './Failure';
import { Modal } from './Modal';

/** The question. It stays until the gateway has answered, and says so if it has refused. */
export function Confirm({
  title,
  children,
  action,
  isBusy,
  error,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode;
  action: string;
  isBusy: boolean;
  error: unknown;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Modal title={title} onClose={onClose}>
      <div className="space-y-4">
        <div className="space-y-2 text-sm">{children}</div>
        <Failure error={error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="bad" isBusy={isBusy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

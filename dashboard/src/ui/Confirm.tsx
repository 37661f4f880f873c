/** The confirmation of an action that cannot be undone. */
import type { ReactNode } from 'react';
import { Button } from './Button';
import { Failure } from './Failure';
import { Modal } from './Modal';

/**
 * Asks for confirmation. Stays open until the action succeeds, and shows its error. It cannot be closed while the
 * action runs, because its result may be shown only once.
 */
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
    <Modal title={title} onClose={isBusy ? () => {} : onClose}>
      <div className="space-y-4">
        <div className="space-y-2 text-sm">{children}</div>
        <Failure error={error} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button disabled={isBusy} onClick={onClose}>
            Cancel
          </Button>
          <Button tone="bad" isBusy={isBusy} onClick={onConfirm}>
            {action}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

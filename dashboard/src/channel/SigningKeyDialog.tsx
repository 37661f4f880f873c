/** The dialog that shows the signing key of a webhook, once. */
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Modal } from '#/ui/Modal';

/** Shows the key. Only confirming that it is stored closes the dialog. */
export function SigningKeyDialog({
  name,
  signingKey,
  onStored,
}: {
  name: string;
  signingKey: string;
  onStored: () => void;
}) {
  const [isStored, setIsStored] = useState(false);
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true });
  return (
    <Modal title="Copy the signing key now">
      <div className="space-y-4">
        <p className="text-sm">
          The receiver of “
          <Visible text={name} />” verifies messages with this key, as Standard Webhooks specifies.
          It is not shown again.
        </p>
        <code
          data-testid="signing-key"
          className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
        >
          {signingKey}
        </code>
        <CopyButton text={signingKey} label="Copy key" />
        <CheckField
          label="I have stored the key"
          checked={isStored}
          onChange={(event) => setIsStored(event.target.checked)}
        />
        <div className="flex justify-end">
          <Button tone="main" disabled={!isStored} onClick={onStored}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}

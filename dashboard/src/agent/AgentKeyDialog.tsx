/** An agent's key, the one time that it is shown. */
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import type { KeyedAgent } from '#/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Modal } from '#/ui/Modal';

/** The dialog. No key, press beside it or way back closes it: only the word that the key is stored. */
export function AgentKeyDialog({ keyed, onStored }: { keyed: KeyedAgent; onStored: () => void }) {
  const [isStored, setIsStored] = useState(false);
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true });
  return (
    <Modal title="Store this key now">
      <div className="space-y-4">
        <p className="text-sm">
          This is the key of <Visible text={keyed.agent.name} />. The gateway keeps only its
          fingerprint: the key is never shown again.
        </p>
        <code
          data-testid="agent-key"
          className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
        >
          {keyed.apiKey}
        </code>
        <CopyButton text={keyed.apiKey} label="Copy the key" />
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

/** The dialog that shows an agent's key, once. */
import { useBlocker } from '@tanstack/react-router';
import { useState } from 'react';
import type { KeyedAgent } from '#/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Modal } from '#/ui/Modal';
import { Connect } from './Connect';

/**
 * Shows the key. Only confirming that it is stored closes the dialog: not Escape, a click outside,
 * or Back.
 */
export function AgentKeyDialog({ keyed, onStored }: { keyed: KeyedAgent; onStored: () => void }) {
  const [isStored, setIsStored] = useState(false);
  useBlocker({ shouldBlockFn: () => true, enableBeforeUnload: true });
  return (
    <Modal title="Copy the agent key now">
      <div className="space-y-4">
        <p className="text-sm">
          This is the key for “<Visible text={keyed.agent.name} />
          ”. The gateway stores only its hash, so the key cannot be shown again.
        </p>
        <code
          data-testid="agent-key"
          className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
        >
          {keyed.apiKey}
        </code>
        <CopyButton text={keyed.apiKey} label="Copy key" />
        <section aria-label="Connect the agent" className="space-y-3 border-t border-line pt-4">
          <h3 className="font-semibold">Connect the agent</h3>
          <Connect agent={keyed.agent} apiKey={keyed.apiKey} />
        </section>
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

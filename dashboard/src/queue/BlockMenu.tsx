/**
 * Denying a request and blocking its agent: separate from Deny, because it stops all of the agent's
 * work.
 */
import { useState } from 'react';
import type { Action } from '#/client';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';

/** Shows a button that first explains what blocking does, then offers it. */
export function BlockMenu({
  action,
  isBusy,
  isDisabled,
  onBlock,
}: {
  action: Action;
  isBusy: boolean;
  isDisabled: boolean;
  onBlock: () => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <Button
        tone="quiet"
        aria-expanded={isOpen}
        disabled={isDisabled}
        onClick={() => setIsOpen(!isOpen)}
      >
        Block agent…
      </Button>
      {isOpen && (
        <fieldset
          aria-label="Block agent"
          className="order-first w-full space-y-2 rounded-md border border-bad p-3"
        >
          <p className="text-sm">
            This denies the request and blocks <Visible text={action.agent_name} />: its new
            requests are refused, its running requests are canceled, and its pending and approved
            requests are revoked.
          </p>
          <div className="flex flex-wrap justify-end gap-2">
            <Button onClick={() => setIsOpen(false)}>Don’t block</Button>
            <Button tone="bad" isBusy={isBusy} disabled={isDisabled} onClick={onBlock}>
              Deny and block agent
            </Button>
          </div>
        </fieldset>
      )}
    </>
  );
}

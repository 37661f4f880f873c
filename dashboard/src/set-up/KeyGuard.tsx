/** Asks for confirmation before an agent's key is lost. */
import { useBlocker } from '@tanstack/react-router';
import { Button } from '#/ui/Button';
import { Modal } from '#/ui/Modal';

/** Blocks leaving the set-up while it is mounted. */
export function KeyGuard() {
  const blocker = useBlocker({
    // Between the steps of the set-up, the key is kept.
    shouldBlockFn: ({ current, next }) => current.pathname !== next.pathname,
    enableBeforeUnload: true,
    withResolver: true,
  });
  if (blocker.status !== 'blocked') return null;
  return (
    <Modal title="Leave without storing the key?" onClose={blocker.reset}>
      <p className="mb-4 text-sm">
        The key is not shown again. If you lose it, you have to rotate it.
      </p>
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={blocker.reset}>Stay</Button>
        <Button tone="main" onClick={blocker.proceed}>
          Leave
        </Button>
      </div>
    </Modal>
  );
}

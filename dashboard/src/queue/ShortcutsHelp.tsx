/** The list of keyboard shortcuts. */

import { Button } from '#/ui/Button';
import { Modal } from '#/ui/Modal';

const SHORTCUTS = [
  ['j', 'Next request'],
  ['k', 'Previous request'],
  ['a', 'Approve. For a risky request, hold the key, or press it and confirm'],
  ['d', 'Deny: opens a note field; Enter submits'],
  ['u', 'Undo the last approval while that is possible: revokes it, so nothing is sent'],
  ['x', 'Select the request. With requests selected, a and d open them as a table'],
  ['shift+j', 'Select the request and go to the next one'],
  ['g', 'Show the selected or similar requests as a table. There, j, k, x, a, d, and u also work'],
  ['shift+x', 'In a table: select all similar requests that you have seen'],
  ['Esc', 'Leave the table, or a note'],
  ['/', 'Search requests'],
  ['?', 'Show this help'],
] as const;

/** Shows the shortcuts. */
export function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  return (
    <Modal title="Keyboard shortcuts" onClose={onClose}>
      <dl className="mb-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm">
        {SHORTCUTS.map(([key, text]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-page px-2 py-0.5 font-mono">{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Button onClick={onClose}>Close</Button>
    </Modal>
  );
}

/** Which key does what. */

import { Button } from '#/ui/Button';
import { Modal } from '#/ui/Modal';

const KEYS = [
  ['j', 'the next request'],
  ['k', 'the one before'],
  ['a', 'approve; a risky one needs the key again after a pause'],
  ['d', 'deny: a field for a note opens, Enter sends'],
  ['/', 'filter the list'],
  ['?', 'this help'],
] as const;

/** The help. */
export function ShortcutsHelp({ onClose }: { onClose: () => void }) {
  return (
    <Modal title="Keys" onClose={onClose}>
      <dl className="mb-4 grid grid-cols-[3rem_1fr] gap-y-2 text-sm">
        {KEYS.map(([key, text]) => (
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

/** The question before a decision on several requests. */
import { useState } from 'react';
import { frictionOf } from '#/action/friction';
import { stakeOf } from '#/action/stake';
import type { Action } from '#/client';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Modal } from '#/ui/Modal';
import { sumOf } from './amount';
import { NoteField } from './NoteField';
import type { Ruling } from './send';

/** Names how many requests are decided on, and the sum of their amounts. */
export function BatchQuestion({
  kind,
  actions,
  onDecide,
  onClose,
}: {
  kind: Ruling['kind'];
  actions: readonly Action[];
  onDecide: (ruling: Ruling) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState('');
  const [isConfirmed, setIsConfirmed] = useState(false);
  const isApproval = kind === 'approve';
  const stakes = actions.flatMap((action) => stakeOf(action)?.verb ?? []);
  const deliberate = actions.filter((action) => frictionOf(action) !== 'press').length;
  const sum = sumOf(actions);
  const what = counted(actions.length, 'request');
  const isMissing = isApproval && deliberate > 0 && !isConfirmed;
  const word = isApproval ? 'Approve' : 'Deny';
  return (
    <Modal title={`${word} ${what}?`} onClose={onClose}>
      <div className="space-y-4 text-sm">
        {sum && (
          <p>
            The amounts range from <Visible text={sum.min} /> to <Visible text={sum.max} /> and
            total{' '}
            <strong>
              <Visible text={sum.total} />
            </strong>
            .
          </p>
        )}
        <p>
          Each decision applies to the exact request shown in the table. If someone else decides on
          a request first, their decision is kept.
        </p>
        {isApproval && deliberate > 0 && (
          <CheckField
            checked={isConfirmed}
            onChange={({ target }) => setIsConfirmed(target.checked)}
            label={confirmationOf(stakes, deliberate, sum?.total)}
          />
        )}
        <NoteField value={note} onChange={({ target }) => setNote(target.value)} />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            tone={isApproval ? 'plain' : 'bad'}
            aria-disabled={isMissing}
            onClick={() => {
              if (isMissing) return;
              onDecide(isApproval ? { kind, note } : { kind: 'deny', note, isBlocking: false });
            }}
          >
            {word} {what}
            {sum && `: ${sum.total}`}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Returns what a user confirms before a batch is approved. */
function confirmationOf(
  verbs: ReadonlyArray<'Delete' | 'Pay'>,
  deliberate: number,
  total: string | undefined,
): string {
  const deletions = verbs.filter((verb) => verb === 'Delete').length;
  const payments = verbs.length - deletions;
  const parts = [
    deletions > 0 && `delete ${counted(deletions, 'target')}`,
    payments > 0 && `make ${counted(payments, 'payment')}${total ? ` of ${total} in total` : ''}`,
    deliberate > verbs.length && `approve ${counted(deliberate - verbs.length, 'risky request')}`,
  ].filter((part) => part !== false);
  const text = parts.join(' and ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

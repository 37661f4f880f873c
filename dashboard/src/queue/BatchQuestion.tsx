/** The question before a decision on several requests. */
import { useState } from 'react';
import { targetOf } from '#/action/card';
import { frictionOf, TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { stakeOf } from '#/action/stake';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Modal } from '#/ui/Modal';
import { sumOf } from './amount';
import { NoteField } from './NoteField';
import { gravestFirst } from './rowOrder';
import type { Ruling } from './send';
import type { Row } from './table';

/** More requests than these are not named one by one. */
const NAMED_MAX = 8;

/** Names what is decided on: each request, or those first that differ from the others, and the sum of the amounts. */
export function BatchQuestion({
  kind,
  rows,
  apart,
  onDecide,
  onClose,
}: {
  kind: Ruling['kind'];
  rows: readonly Row[];
  /** In what requests differ from the others, by their ids. */
  apart: ReadonlyMap<string, readonly string[]>;
  onDecide: (ruling: Ruling) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState('');
  const [isConfirmed, setIsConfirmed] = useState(false);
  const actions = rows.map(({ action }) => action);
  const isApproval = kind === 'approve';
  const stakes = actions.flatMap((action) => stakeOf(action)?.verb ?? []);
  const deliberate = actions.filter((action) => frictionOf(action) !== 'press').length;
  const sum = sumOf(actions);
  const what = counted(actions.length, 'request');
  const isMissing = isApproval && deliberate > 0 && !isConfirmed;
  const word = isApproval ? 'Approve' : 'Deny';
  const decide = () => {
    if (isMissing) return;
    onDecide(isApproval ? { kind, note } : { kind: 'deny', note, isBlocking: false });
  };
  return (
    <Modal title={`${word} ${what}?`} onClose={onClose}>
      <div className="space-y-4 text-sm">
        <Decided rows={rows} apart={apart} />
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
        <NoteField
          value={note}
          onChange={({ target }) => setNote(target.value)}
          onSubmit={decide}
        />
        <div className="flex flex-wrap justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button tone={isApproval ? 'plain' : 'bad'} aria-disabled={isMissing} onClick={decide}>
            {word} {what}
            {sum && `: ${sum.total}`}
          </Button>
        </div>
      </div>
    </Modal>
  );
}

/** Lists what is decided on. All that differ from the others are named, however many they are. */
function Decided({
  rows,
  apart,
}: {
  rows: readonly Row[];
  apart: ReadonlyMap<string, readonly string[]>;
}) {
  const sorted = gravestFirst(rows, apart);
  const apartCount = sorted.filter(({ action }) => apart.has(action.action_id)).length;
  const namedCount = rows.length <= NAMED_MAX ? rows.length : Math.max(NAMED_MAX, apartCount);
  const rest = sorted.slice(namedCount).map(({ action }) => action);
  const sum = sumOf(rest);
  return (
    <div>
      <ul aria-label="Requests to decide on" className="space-y-1.5">
        {sorted.slice(0, namedCount).map(({ action }) => (
          <Named key={action.action_id} action={action} remarks={apart.get(action.action_id)} />
        ))}
      </ul>
      {rest.length > 0 && (
        <p className="mt-2">
          and {counted(rest.length, 'more request')} that do not differ from each other
          {sum && (
            <>
              {': '}
              <Visible text={sum.min === sum.max ? `each ${sum.min}` : `${sum.min}–${sum.max}`} />,
              in total <Visible text={sum.total} />
            </>
          )}
          .
        </p>
      )}
    </div>
  );
}

function Named({ action, remarks }: { action: Action; remarks: readonly string[] | undefined }) {
  return (
    <li
      data-decided={action.action_id}
      className={`border-l-4 pl-2 ${remarks ? 'border-warn' : 'border-line'}`}
    >
      <span className="font-medium">
        <Headline action={action} />
      </span>
      <span className="block font-mono text-xs text-soft">
        {action.method} <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
      </span>
      {remarks?.map((remark) => (
        <span key={remark} className="block text-xs font-medium text-warn">
          <Visible text={remark} />
        </span>
      ))}
    </li>
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

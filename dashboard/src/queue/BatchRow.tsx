/** A request in the table of several. */
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { targetOf } from '#/action/card';
import { TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { ShortIntent } from '#/action/Intent';
import { RiskBadge } from '#/action/RiskBadge';
import { isDangerous } from '#/action/reason';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import type { Row } from './table';

/** A cell: on a phone, a block of its row. */
const CELL = 'block pr-2 align-top sm:table-cell sm:p-2';

/** Shows what differs from the others, and the result of the decision. */
export function BatchRow({
  row: { action, cells, isComplete, needsPasskey },
  columns,
  isChosen,
  isPending,
  result,
  isUndone,
  isOpen,
  isBusy,
  onToggle,
}: {
  row: Row;
  /** The names of the cells. */
  columns: readonly string[];
  isChosen: boolean;
  isPending: boolean;
  result: string | null | undefined;
  isUndone: boolean;
  /** Whether the user approved it and it waits for other approvals. */
  isOpen: boolean;
  isBusy: boolean;
  onToggle: () => void;
}) {
  const id = useId();
  const isDone = result === null || !isPending;
  return (
    <tr
      data-row={action.action_id}
      className={`grid grid-cols-[2.25rem_minmax(0,1fr)] gap-y-1 py-2 sm:table-row ${isDone || !isChosen ? 'text-soft' : ''}`}
    >
      <td className={`row-span-2 pl-2 ${CELL}`}>
        <input
          type="checkbox"
          aria-labelledby={id}
          checked={isChosen && !isDone && action.may_decide}
          title={action.may_not_decide_because ?? undefined}
          disabled={isDone || isBusy || !action.may_decide}
          onChange={onToggle}
          className="size-5 accent-brand"
        />
      </td>
      <td className={`sm:max-w-md sm:min-w-56 ${CELL}`}>
        <Link
          id={id}
          to="/"
          search={(before) => ({ ...before, table: undefined, action: action.action_id })}
          className="font-medium underline decoration-line hover:decoration-current"
        >
          <Headline action={action} />
        </Link>
        <span className="block font-mono text-xs">
          {action.method} <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
        </span>
        <ShortIntent action={action} />
      </td>
      {cells.map((value, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a cell is a place in its row
        <td key={at} className={`col-start-2 font-mono text-xs sm:max-w-64 sm:min-w-20 ${CELL}`}>
          <span aria-hidden className="mr-1.5 text-soft sm:hidden">
            <Visible text={columns[at] ?? ''} />
          </span>
          {value === undefined ? '—' : <Visible text={value} />}
        </td>
      ))}
      <td className={`col-start-2 ${CELL}`}>
        <RiskBadge score={action.risk_score} isHigh={isDangerous(action)} />
      </td>
      <td className={`col-start-2 text-xs empty:hidden sm:min-w-28 sm:empty:table-cell ${CELL}`}>
        {isUndone ? (
          <strong>Undone</strong>
        ) : result === null ? (
          <strong className="text-good">{isOpen ? 'Approved; others must too' : 'Done'}</strong>
        ) : result !== undefined ? (
          <span className="text-bad">{result}</span>
        ) : !isPending ? (
          'No longer pending'
        ) : action.may_not_decide_because !== null ? (
          <span className="text-soft">{action.may_not_decide_because}</span>
        ) : needsPasskey ? (
          <span className="text-warn">Approval needs your passkey: open it</span>
        ) : isComplete ? (
          ''
        ) : (
          <span className="text-warn">Not all shown</span>
        )}
      </td>
    </tr>
  );
}

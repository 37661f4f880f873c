/** A request in the table of several. */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { targetOf } from '#/action/card';
import { comparisonsOf } from '#/action/familiarity';
import { TARGET_CHARACTERS_MAX } from '#/action/friction';
import { Headline } from '#/action/Headline';
import { ShortIntent } from '#/action/Intent';
import { DangerBadge } from '#/action/RiskBadge';
import { isDangerous, topReasonOf } from '#/action/reason';
import { TimeLeft } from '#/action/TimeLeft';
import type { Action } from '#/client';
import { getApprovalOptions } from '#/client/@tanstack/react-query.gen';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { endedText } from './ended';
import type { Ruling } from './send';
import type { Row } from './table';

/** The result of a decision on a request. */
export interface Result {
  kind: Ruling['kind'];
  /** The failure; null if the decision is confirmed. */
  failure: string | null;
  /** Whether the user approved it and it waits for other approvals. */
  isOpen: boolean;
}

/** Shows what a card says of the request, what differs from the others, and the result of the decision. */
export function BatchRow({
  row: { action, cells, isComplete, needsPasskey },
  columns,
  remarks,
  isStacked,
  isChosen,
  isPending,
  result,
  isBusy,
  onToggle,
}: {
  row: Row;
  /** The names of the cells. */
  columns: readonly string[];
  /** In what it differs from the others. */
  remarks: readonly string[];
  /** Whether each cell is a line of its own, because the columns do not fit. */
  isStacked: boolean;
  isChosen: boolean;
  isPending: boolean;
  result: Result | undefined;
  isBusy: boolean;
  onToggle: () => void;
}) {
  const id = useId();
  const isDone = result?.failure === null || !isPending;
  const cell = `block pr-2 align-top ${isStacked ? '' : 'sm:table-cell sm:p-2'}`;
  const stacked = 'col-start-2';
  const isHigh = isDangerous(action);
  const reason = topReasonOf(action);
  const comparisons = comparisonsOf(action);
  return (
    <tr
      data-row={action.action_id}
      data-apart={remarks.length > 0 ? remarks.length : undefined}
      className={`grid scroll-mt-2 scroll-mb-52 grid-cols-[2.25rem_minmax(0,1fr)] gap-y-1 py-2 ${isStacked ? '' : 'sm:table-row'} ${isHigh || remarks.length > 0 ? 'bg-raised shadow-[inset_4px_0_0_var(--color-warn)]' : ''} ${isDone ? 'text-soft' : ''}`}
    >
      <td className={`row-span-2 pl-2 ${cell} ${isStacked ? '' : 'sm:pl-3'}`}>
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
      <td className={`${isStacked ? '' : 'sm:max-w-md sm:min-w-64'} ${cell}`}>
        <Link
          id={id}
          to="/"
          search={(before) => ({ ...before, table: undefined, action: action.action_id })}
          className="font-medium underline decoration-line hover:decoration-current"
        >
          <Headline action={action} />
        </Link>
        {remarks.length > 0 && (
          <strong className="block text-xs text-warn">
            <span aria-hidden>! </span>Differs: <Visible text={remarks.join(' · ')} />
          </strong>
        )}
        <span className="block font-mono text-xs">
          {action.method} <Cut text={targetOf(action)} length={TARGET_CHARACTERS_MAX} isCounted />
        </span>
        {comparisons.length > 0 && (
          <span className="block text-xs">
            {comparisons.map(({ text, isUnusual }, index) => (
              <span key={text}>
                {index > 0 && <span className="text-soft"> · </span>}
                <span className={isUnusual ? 'font-medium text-warn' : 'text-soft'}>{text}</span>
              </span>
            ))}
          </span>
        )}
        {reason && (
          <span className="block text-xs text-warn">
            <Visible text={typeof reason === 'string' ? reason : reason.sentence} />
          </span>
        )}
        <ShortIntent action={action} />
      </td>
      {cells.map((value, at) => (
        <td
          // biome-ignore lint/suspicious/noArrayIndexKey: a cell is a place in its row
          key={at}
          className={`${stacked} font-mono text-xs ${isStacked ? '' : 'sm:max-w-64 sm:min-w-20'} ${cell}`}
        >
          <span aria-hidden className={`mr-1.5 text-soft ${isStacked ? '' : 'sm:hidden'}`}>
            <Visible text={columns[at] ?? ''} />
          </span>
          {value === undefined ? '—' : <Visible text={value} />}
        </td>
      ))}
      <td className={`${stacked} text-xs ${cell}`}>
        <DangerBadge action={action} />{' '}
        {!isDone && (
          <span className="text-soft">
            <TimeLeft until={action.expires_at} />
          </span>
        )}
      </td>
      <td
        className={`${stacked} text-xs empty:hidden ${isStacked ? '' : 'sm:min-w-28 sm:empty:table-cell'} ${cell}`}
      >
        {result?.failure === null ? (
          result.kind === 'deny' ? (
            <strong>Denied</strong>
          ) : result.isOpen ? (
            <strong className="text-good">Approved; others must too</strong>
          ) : (
            <Approved action={action} />
          )
        ) : result !== undefined ? (
          <span className="text-bad">{result.failure}</span>
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

/** Says what becomes of an approved request, until the upstream has responded. */
function Approved({ action: { action_id } }: { action: Action }) {
  const now = useNow();
  // The event stream refetches it with each change.
  const { data } = useQuery(getApprovalOptions({ path: { action_id }, query: { preview: true } }));
  const ended = data ? endedText(data, now) : null;
  return (
    <>
      {data?.status !== 'REVOKED' && <strong className="text-good">Approved</strong>}
      {ended && <span className={`block ${ended.isBad ? 'text-bad' : ''}`}>{ended.text}</span>}
    </>
  );
}

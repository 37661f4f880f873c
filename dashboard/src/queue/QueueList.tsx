/** The cards of what waits. */
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { headline, RiskBadge, TimeLeft } from '#/action/ActionDetail';
import type { Action } from '#/client';
import { Visible } from '#/text/Visible';

/** The list, the oldest first. */
export function QueueList({
  actions,
  selectedId,
  failedIds,
}: {
  actions: Action[];
  selectedId: string | undefined;
  failedIds: ReadonlyMap<string, string>;
}) {
  return (
    <ul aria-label="Waiting requests" className="space-y-2">
      {actions.map((action) => (
        <Card
          key={action.action_id}
          action={action}
          isSelected={action.action_id === selectedId}
          hasFailed={failedIds.has(action.action_id)}
        />
      ))}
    </ul>
  );
}

const Card = memo(function Card({
  action,
  isSelected,
  hasFailed,
}: {
  action: Action;
  isSelected: boolean;
  hasFailed: boolean;
}) {
  return (
    <li className="[contain-intrinsic-size:auto_7.5rem] [content-visibility:auto]">
      <Link
        to="/"
        search={(before) => ({ ...before, action: action.action_id })}
        resetScroll={false}
        aria-current={isSelected ? 'true' : undefined}
        data-action={action.action_id}
        className={`block rounded-lg border bg-panel p-3 hover:bg-raised ${isSelected ? 'border-brand ring-1 ring-brand' : 'border-line'}`}
      >
        <span className="flex flex-wrap items-center gap-2 text-xs text-soft">
          <RiskBadge score={action.risk_score} />
          <TimeLeft until={action.expires_at} />
        </span>
        <span className="mt-1.5 line-clamp-2 block font-semibold">
          <Visible text={headline(action)} />
        </span>
        <span className="line-clamp-2 block text-sm">
          <Visible text={action.intent} />
        </span>
        <span className="mt-1 line-clamp-1 block text-xs text-soft">
          <Visible text={action.agent_name} /> → <Visible text={action.service_name} />
        </span>
        {hasFailed && (
          <span className="mt-1 block text-sm font-semibold text-bad">Your decision failed</span>
        )}
      </Link>
    </li>
  );
});

/**
 * Notices of decisions, at the bottom of the screen: what was decided, how it can be undone, and what
 * became of it. They never move the list.
 */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Headline } from '#/action/Headline';
import { getApprovalOptions, revokeMutation } from '#/client/@tanstack/react-query.gen';
import { sentenceOf } from '#/session/client';
import { counted } from '#/text/count';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { useNow } from '#/ui/now';
import { endedText, UNDO_MEANS } from './ended';
import type { Made } from './made';
import { useShortcuts } from './useShortcuts';

/** The most notices at a time; the latest are kept. */
export const SHOWN_MAX = 3;

/** How long a notice stays after its last change, in milliseconds. */
const STAY_MS = 10_000;

/** The id of the region of the notices. */
export const NOTICES = 'notices';

/** The id of the latest notice, which takes the focus if there is no next request. */
export const LATEST_TOAST = 'latest-decision';

/** Shows notices; the region is always there, so that screen readers announce them. */
export function Toasts({
  made,
  onLeave,
}: {
  made: readonly Made[];
  onLeave: (made: Made) => void;
}) {
  const latestId = made.at(-1)?.action.action_id;
  /** The latest notice for which the earlier ones were opened. */
  const [openFor, setOpenFor] = useState<string>();
  const isOpen = latestId !== undefined && openFor === latestId;
  return (
    <section
      id={NOTICES}
      aria-label="Notices"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-3 bottom-[calc(max(var(--decision-bar,0px),var(--footer))+0.75rem)] z-30 space-y-2 sm:left-auto sm:w-96 lg:right-auto lg:bottom-4 lg:left-[13.25rem]"
    >
      {made.map((one, index) => {
        const isLatest = index === made.length - 1;
        return (
          <Toast
            key={one.action.action_id}
            id={isLatest ? LATEST_TOAST : undefined}
            // On a phone, earlier ones would cover the next request.
            isFolded={!isLatest && !isOpen}
            earlier={isLatest && !isOpen ? made.length - 1 : 0}
            made={one}
            onEarlier={() => setOpenFor(latestId)}
            onLeave={onLeave}
          />
        );
      })}
    </section>
  );
}

function Toast({
  id,
  isFolded,
  earlier,
  made,
  onEarlier,
  onLeave,
}: {
  id: string | undefined;
  /** Whether it is hidden on a phone. */
  isFolded: boolean;
  /** How many earlier notices are hidden on a phone. */
  earlier: number;
  made: Made;
  onEarlier: () => void;
  onLeave: (made: Made) => void;
}) {
  const { action, kind } = made;
  const queries = useQueryClient();
  const notice = useRef<HTMLDivElement>(null);
  const [isHeld, setIsHeld] = useState(false);
  // The event stream refetches it with each change.
  const { data } = useQuery(
    getApprovalOptions({ path: { action_id: action.action_id }, query: { preview: true } }),
  );
  const status = data?.status;
  const undo = useMutation({
    ...revokeMutation(),
    onSuccess: () => {
      // The button that had the focus disappears.
      if (notice.current?.contains(document.activeElement)) notice.current.focus();
    },
    onSettled: () => queries.invalidateQueries(),
  });
  const now = useNow();
  const releasesAt = data?.releases_at ? Date.parse(data.releases_at) : null;
  const isReleased = releasesAt === null || now >= releasesAt;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of the status restarts the time
  useEffect(() => {
    if (isHeld || undo.isPending || !isReleased) return;
    const timer = setTimeout(() => onLeave(made), STAY_MS);
    return () => clearTimeout(timer);
  }, [isHeld, undo.isPending, isReleased, status, made, onLeave]);
  // An approval that waits for others is withdrawn at the request; undoing would revoke the request.
  const isOpen = made.count !== null && status !== 'APPROVED';
  const canUndo = !isOpen && kind === 'approve' && (status === undefined || status === 'APPROVED');
  // Only the latest can be meant, and a table has an undo of its own.
  useShortcuts(
    id === undefined || !canUndo || undo.isPending
      ? {}
      : {
          u: () => {
            if (document.querySelector('[data-undo-all]')) return;
            undo.mutate({ path: { action_id: action.action_id } });
          },
        },
  );
  const outcome = data && kind === 'approve' ? endedText(data, now) : null;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it stays while someone reads it
    <div
      ref={notice}
      id={id}
      tabIndex={-1}
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
      className={`pointer-events-auto rounded-lg border border-line bg-panel px-3 py-2 text-sm shadow-lg sm:p-3 ${isFolded ? 'hidden sm:block' : ''}`}
    >
      <div className="flex items-start gap-2">
        <p className="line-clamp-1 min-w-0 flex-1 break-all sm:line-clamp-3 sm:break-normal">
          {doneWord(made)}: <Headline action={action} />
        </p>
        {earlier > 0 && (
          <Button
            tone="quiet"
            className="-my-1 min-h-8 px-2 py-0 sm:hidden"
            aria-label={`Show ${counted(earlier, 'earlier notice')}`}
            onClick={onEarlier}
          >
            +{earlier}
          </Button>
        )}
        <button
          type="button"
          aria-label="Dismiss"
          onClick={() => onLeave(made)}
          className="-m-1 flex size-8 shrink-0 items-center justify-center rounded-md hover:bg-raised"
        >
          <X aria-hidden className="size-4" />
        </button>
      </div>
      {undo.error && <p className="mt-1 text-bad">Not undone: {sentenceOf(undo.error)}</p>}
      <div className="flex flex-wrap items-center gap-x-3 sm:mt-1">
        {outcome && (
          <span
            // A screen reader reads out what becomes of it, but not the countdown.
            aria-live={isReleased ? undefined : 'off'}
            className={`text-xs sm:text-sm ${outcome.isBad ? 'text-bad' : 'text-soft'}`}
          >
            {outcome.text}
          </span>
        )}
        <Link
          to="/"
          search={(before) => ({ ...before, action: action.action_id })}
          className="inline-flex min-h-8 items-center font-medium underline"
        >
          View
        </Link>
        {canUndo && (
          <Button
            tone="quiet"
            className="ml-auto min-h-8 py-0"
            isBusy={undo.isPending}
            onClick={() => undo.mutate({ path: { action_id: action.action_id } })}
          >
            Undo
          </Button>
        )}
      </div>
      {/* A phone has no room for it; the result says it there. */}
      {canUndo && <p className="hidden text-xs text-soft sm:block">{UNDO_MEANS}</p>}
    </div>
  );
}

function doneWord({ kind, action }: Made) {
  if (kind === 'approve') return 'Approved';
  if (kind === 'deny') return 'Denied';
  return (
    <>
      Denied and blocked <Visible text={action.agent_name} />
    </>
  );
}

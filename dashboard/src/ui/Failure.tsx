/** An error message. */
import { AlertTriangle } from 'lucide-react';
import type { ReactNode } from 'react';
import { sentenceOf } from '#/session/client';
import { Button } from './Button';

/** Shows an error; renders nothing without one. `onRetry` adds a button. */
export function Failure({
  error,
  onRetry,
  children,
}: {
  error?: unknown;
  onRetry?: (() => unknown) | undefined;
  children?: ReactNode;
}) {
  if (!error && !children) return null;
  return (
    <div
      role="alert"
      className="flex flex-wrap items-start gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad"
    >
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 flex-1 break-words">{children ?? sentenceOf(error)}</div>
      {onRetry && (
        <Button className="text-ink" onClick={() => void onRetry()}>
          Retry
        </Button>
      )}
    </div>
  );
}

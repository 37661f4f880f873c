/** An error message. */
import { AlertTriangle } from 'lucide-react';
import type { ReactNode } from 'react';
import { sentenceOf } from '#/session/client';

/** Shows an error; renders nothing without one. */
export function Failure({ error, children }: { error?: unknown; children?: ReactNode }) {
  if (!error && !children) return null;
  return (
    <div
      role="alert"
      className="flex gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad"
    >
      <AlertTriangle aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0 break-words">{children ?? sentenceOf(error)}</div>
    </div>
  );
}

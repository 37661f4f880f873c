/** The loading indicator. */
import { LoaderCircle } from 'lucide-react';

/** Shows that data is loading. */
export function Loading() {
  return (
    <p role="status" className="flex items-center gap-2 p-4 text-soft">
      <LoaderCircle aria-hidden className="size-4 animate-spin" /> Loading…
    </p>
  );
}

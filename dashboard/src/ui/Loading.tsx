/** The loading indicator. */
import { LoaderCircle } from 'lucide-react';

/** What stands where something is still being fetched. */
export function Loading() {
  return (
    <p role="status" className="flex items-center gap-2 p-4 text-soft">
      <LoaderCircle aria-hidden className="size-4 animate-spin" /> Loading…
    </p>
  );
}

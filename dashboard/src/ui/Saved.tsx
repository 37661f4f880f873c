/** Confirms that a change was saved. */
import { Check } from 'lucide-react';

/** Shows “Saved”. Always rendered, so that screen readers announce the change. */
export function Saved({ when }: { when: boolean }) {
  return (
    <span role="status" className="inline-flex items-center gap-1 text-sm text-good">
      {when && (
        <>
          <Check aria-hidden className="size-4" /> Saved
        </>
      )}
    </span>
  );
}

/** Says that the gateway has taken a change. */
import { Check } from 'lucide-react';

/** The word; always there, so that it is read out when it comes. */
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

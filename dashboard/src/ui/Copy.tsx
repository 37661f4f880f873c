/** A button that puts text on the clipboard. */
import { Check, Copy as CopyIcon } from 'lucide-react';
import { useState } from 'react';
import { Button } from './parts';

/** Copies, and says whether it did. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [state, setState] = useState<'ready' | 'done' | 'failed'>('ready');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('done');
    } catch {
      setState('failed');
    }
  };
  return (
    <Button onClick={copy}>
      {state === 'done' ? (
        <Check aria-hidden className="size-4" />
      ) : (
        <CopyIcon aria-hidden className="size-4" />
      )}
      <span aria-live="polite">
        {state === 'done'
          ? 'Copied'
          : state === 'failed'
            ? 'Select and copy it by hand'
            : `Copy ${what}`}
      </span>
    </Button>
  );
}

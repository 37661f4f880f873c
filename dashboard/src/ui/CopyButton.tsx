/** Puts a text on the clipboard. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from './Button';

const SAID_MS = 2_500;

/** The button; it says whether the text was copied. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'failed'>('none');
  const button = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), SAID_MS);
    return () => clearTimeout(timer);
  }, [outcome]);
  return (
    <span ref={button} className="inline-block">
      <Button
        onClick={async () => setOutcome((await copy(text, button.current)) ? 'copied' : 'failed')}
      >
        {outcome === 'copied' ? (
          <Check aria-hidden className="size-4" />
        ) : (
          <Copy aria-hidden className="size-4" />
        )}
        <span aria-live="polite">
          {{ none: label, copied: 'Copied', failed: 'Select it and copy by hand' }[outcome]}
        </span>
      </Button>
    </span>
  );
}

/** Copies; over plain HTTP browsers offer only the older way, from a field that is on the page. */
async function copy(text: string, beside: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'sr-only';
    field.setAttribute('aria-hidden', 'true');
    beside?.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}

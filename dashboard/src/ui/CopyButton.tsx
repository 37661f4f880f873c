/** A button that copies a text. */
import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { Button } from './Button';

const MESSAGE_MS = 2_500;

/** Copies a text and shows whether that worked. */
export function CopyButton({ text, label = 'Copy' }: { text: string; label?: string }) {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'failed'>('none');
  const button = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (outcome === 'none') return;
    const timer = setTimeout(() => setOutcome('none'), MESSAGE_MS);
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
          {{ none: label, copied: 'Copied', failed: 'Copy failed: select the text' }[outcome]}
        </span>
      </Button>
    </span>
  );
}

/** Copies a text. Over plain HTTP, browsers only support copying from a field on the page. */
async function copy(text: string, container: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const focused = document.activeElement;
    const field = document.createElement('textarea');
    field.value = text;
    field.className = 'sr-only';
    field.setAttribute('aria-hidden', 'true');
    container?.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    // Selecting the field has moved the focus.
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
    return isCopied;
  }
}

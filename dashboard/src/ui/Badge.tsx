/** A short label for a state. */
import type { ReactNode } from 'react';

const BADGE_TONES = {
  soft: 'border-line text-soft',
  good: 'border-good text-good',
  warn: 'border-warn text-warn',
  bad: 'border-bad text-bad',
};

/** Shows a state in a word or two. */
export function Badge({
  tone = 'soft',
  children,
}: {
  tone?: keyof typeof BADGE_TONES;
  children: ReactNode;
}) {
  return (
    <span
      className={`inline-block rounded-full border px-2 font-sans text-xs leading-5 font-medium whitespace-nowrap ${BADGE_TONES[tone]}`}
    >
      {children}
    </span>
  );
}

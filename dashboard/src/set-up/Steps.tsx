/** The progress of the set-up. */
import { Check } from 'lucide-react';

/** The steps, in order. */
const STEPS = ['Account', 'Service', 'Document', 'Agent', 'First request'] as const;

/** Shows the steps. */
export function Steps({ current }: { current: number }) {
  return (
    <ol aria-label="Steps" className="mb-5 flex flex-wrap gap-x-4 gap-y-2 text-sm">
      {STEPS.map((step, index) => (
        <li
          key={step}
          aria-current={index === current ? 'step' : undefined}
          className={`flex items-center gap-2 ${index === current ? 'font-semibold' : 'text-soft'}`}
        >
          <span
            className={`flex size-6 items-center justify-center rounded-full border text-xs ${index < current ? 'border-good text-good' : index === current ? 'border-brand bg-brand text-brand-ink' : 'border-line'}`}
          >
            {index < current ? <Check aria-label="Done" className="size-4" /> : index + 1}
          </span>
          {step}
        </li>
      ))}
    </ol>
  );
}

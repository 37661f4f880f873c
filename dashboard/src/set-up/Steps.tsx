/** The progress of the set-up. */
import { Link } from '@tanstack/react-router';
import { Check } from 'lucide-react';
import { isDone, isReachable, type Progress, STEPS, type Step, stepOf } from './progress';

const NAMES: Record<Step, string> = {
  service: 'Service',
  connection: 'Connection',
  document: 'Document',
  agent: 'Agent',
  request: 'First request',
};

/** Shows the steps; those that can be opened are links. */
export function Steps({ progress, hasRequest }: { progress: Progress; hasRequest: boolean }) {
  const current = stepOf(progress);
  return (
    <ol aria-label="Steps" className="mb-5 flex flex-wrap gap-x-4 gap-y-1 text-sm">
      <li className="flex min-h-8 items-center gap-2 text-soft">
        <Mark isDone isCurrent={false} number={1} /> Account
      </li>
      {STEPS.map((step, index) => {
        const isCurrent = step === current;
        const content = (
          <>
            <Mark
              isDone={isDone(progress, step, hasRequest)}
              isCurrent={isCurrent}
              number={index + 2}
            />
            {NAMES[step]}
          </>
        );
        const shape = 'flex min-h-8 items-center gap-2';
        return (
          <li
            key={step}
            aria-current={isCurrent ? 'step' : undefined}
            className={isCurrent ? 'font-semibold' : 'text-soft'}
          >
            {!isCurrent && isReachable(progress, step) ? (
              <Link
                to="/set-up"
                search={{ ...progress, step }}
                className={`${shape} underline-offset-4 hover:underline`}
              >
                {content}
              </Link>
            ) : (
              <span className={shape}>{content}</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Mark({
  isDone,
  isCurrent,
  number,
}: {
  isDone: boolean;
  isCurrent: boolean;
  number: number;
}) {
  const color = isDone
    ? 'border-good text-good'
    : isCurrent
      ? 'border-brand bg-brand text-brand-ink'
      : 'border-line';
  return (
    <span
      className={`flex size-6 items-center justify-center rounded-full border text-xs ${color}`}
    >
      {isDone ? <Check aria-label="Done" className="size-4" /> : number}
    </span>
  );
}

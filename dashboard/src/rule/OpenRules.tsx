/** A permanent warning about rules that allow risky requests. */
import { Link } from '@tanstack/react-router';
import { TriangleAlert } from 'lucide-react';
import { Visible } from '#/text/Visible';
import { allowsEverything } from './unconditional';
import { useRules } from './useRules';

const NAMES_MAX = 3;

/** Shows the banner; renders nothing if every Allow rule has a condition. */
export function OpenRules() {
  const rules = useRules();
  const open = rules.filter((rule) => rule.enabled && allowsEverything(rule));
  if (open.length === 0) return null;
  return (
    <p
      role="status"
      className="mb-4 flex gap-2 rounded-md border border-bad bg-panel p-3 text-sm text-bad"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">
        <Link to="/rules" className="font-semibold underline">
          {open.length === 1
            ? '1 rule allows risky requests'
            : `${open.length} rules allow risky requests`}
        </Link>{' '}
        without approval:{' '}
        {open.slice(0, NAMES_MAX).map(({ id, name }, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <Visible text={name} />
          </span>
        ))}
        {open.length > NAMES_MAX && ' …'}
      </span>
    </p>
  );
}

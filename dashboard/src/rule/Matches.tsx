/** How many recorded requests a rule matches, while it is edited. */
import type { ProposedRule } from '#/client';
import { counted } from '#/text/count';
import { passedText } from './ConfirmAllow';
import { useSimulation } from './useSimulation';

const DAYS = 7;

/** Shows the count, and the requests that an Allow rule would have let pass. */
export function Matches({ rule }: { rule: ProposedRule }) {
  const { result, isCurrent } = useSimulation({ ...rule, enabled: true }, DAYS);
  if (!result) return null;
  const { matches, possible_matches: possible, requests, released, admitted } = result;
  const passed = [released, admitted];
  return (
    <div
      role="status"
      aria-busy={!isCurrent}
      className={`space-y-1 text-sm ${isCurrent ? '' : 'text-soft'}`}
    >
      <p>
        Matches <strong>{matches.toLocaleString('en')}</strong> of {counted(requests, 'request')} in{' '}
        {DAYS} days
        {possible > 0 &&
          `, and perhaps ${possible.toLocaleString('en')} more that were not stored completely`}
        {result.is_cut && ' (latest only)'}.
      </p>
      {rule.effect === 'allow' && passed.some(({ count }) => count > 0) && (
        <p className="font-semibold text-bad">{passedText(passed)}.</p>
      )}
    </div>
  );
}

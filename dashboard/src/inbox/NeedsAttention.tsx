/** The list of matters for a human, above the pending requests. */
import { Link } from '@tanstack/react-router';
import { headline } from '#/action/headline';
import { TimeLeft } from '#/action/TimeLeft';
import { Cut } from '#/text/Cut';
import { Visible } from '#/text/Visible';
import { DefinitionName } from '#/ui/Unreadable';
import { useAttention } from './attention';

const TITLE_CHARACTERS = 120;
const ITEM = 'block rounded-md border border-line p-2 text-xs hover:bg-raised';

/** Lists it; renders nothing if there is nothing. */
export function NeedsAttention() {
  const { lapsing, damaged, count } = useAttention();
  if (count === 0) return null;
  return (
    <section aria-label="Needs attention" className="rounded-lg border border-hold bg-panel p-3">
      <h2 className="text-sm font-semibold text-warn">Needs attention ({count})</h2>
      <ul className="mt-2 space-y-1">
        {damaged.map(({ noun, id, name }) => (
          <li key={`${noun} ${id}`}>
            <Link
              to={noun === 'agent' ? '/agents/$id' : '/services/$id'}
              params={{ id }}
              className={ITEM}
            >
              <span className="block font-semibold">
                <DefinitionName noun={noun} id={id} name={name} />
              </span>
              The stored data of this {noun} is damaged. Delete or repair it.
            </Link>
          </li>
        ))}
        {lapsing.map((action) => (
          <li key={action.action_id}>
            <Link to="/" search={{ action: action.action_id }} className={ITEM}>
              <span className="block font-semibold">
                <Cut text={headline(action)} length={TITLE_CHARACTERS} />
              </span>
              Approved, but <Visible text={action.agent_name} /> has not executed it.{' '}
              <TimeLeft until={action.expires_at} />.
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

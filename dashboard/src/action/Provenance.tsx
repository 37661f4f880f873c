/** Where the values of a held request were seen before. */
import type { Action, ValueSource } from '#/client';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { Panel } from '#/ui/Panel';

const SEEN: Record<ValueSource['kind'], string> = {
  shown: 'seen in the response to',
  created: 'created by this agent in',
  approved: 'approved before in',
};

/** Describes where a value was seen, as in "seen in the response to GET /conversations.list". */
export function seenIn({ kind, seen_in }: Pick<ValueSource, 'kind' | 'seen_in'>): string {
  return `${SEEN[kind]} ${seen_in}`;
}

/** Lists the known sources of values; renders nothing if there are none. */
export function Provenance({ action }: { action: Action }) {
  const now = useNow();
  if (action.provenance.length === 0) return null;
  return (
    <Panel title="Where these values come from">
      <dl className="space-y-2 text-sm">
        {action.provenance.map((source) => (
          <div key={`${source.location} ${source.value}`}>
            <dt className="min-w-0 font-mono text-[0.8rem]">
              <Visible text={source.location} />{' '}
              <strong className="break-all">
                <Visible text={source.value} />
              </strong>
            </dt>
            <dd className="min-w-0 text-soft">
              <Visible text={seenIn(source)} />, {timeAgo(source.at, now)}
              {source.object !== '' && (
                <span className="block">
                  <Visible text={source.object} />
                </span>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

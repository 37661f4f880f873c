/** The channels of the workspace. */
import { Link } from '@tanstack/react-router';
import type { Channel } from '#/client';
import { timeAgo } from '#/text/time';
import { Visible } from '#/text/Visible';
import { useNow } from '#/ui/now';
import { DefinitionName } from '#/ui/Unreadable';
import { ChannelState } from './ChannelState';
import { kindName } from './draft';

/** Lists the channels, each with its state and its last error. */
export function ChannelList({ channels }: { channels: readonly Channel[] }) {
  const now = useNow();
  return (
    <ul aria-label="Channels" className="space-y-2">
      {channels.map((channel) => (
        <li key={channel.id}>
          <Link
            to="/channels/$id"
            params={{ id: channel.id }}
            className="grid gap-x-4 gap-y-1 rounded-lg border border-line bg-panel p-3 hover:bg-raised md:grid-cols-[minmax(0,2fr)_minmax(0,3fr)_9rem] md:items-center"
          >
            <span className="min-w-0">
              <span className="flex flex-wrap items-center gap-2 font-semibold">
                <DefinitionName noun="channel" id={channel.id} name={channel.name} />{' '}
                <ChannelState channel={channel} />
              </span>
              {channel.kind && <span className="text-sm text-soft">{kindName(channel.kind)}</span>}
            </span>
            <span className="line-clamp-2 min-w-0 text-sm">
              <Visible text={channel.disabled_reason ?? channel.last_error ?? ''} />
            </span>
            <span className="text-sm text-soft md:text-right">
              {channel.last_delivered_at
                ? `Last sent ${timeAgo(channel.last_delivered_at, now)}`
                : 'Nothing sent yet'}
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

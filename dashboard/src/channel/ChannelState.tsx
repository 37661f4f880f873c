/** The state of a channel in a word. */
import type { Channel } from '#/client';
import { Badge } from '#/ui/Badge';
import { UnreadableBadge } from '#/ui/Unreadable';

/** Shows the state; nothing for a channel that works. */
export function ChannelState({ channel }: { channel: Channel }) {
  if (channel.unreadable) return <UnreadableBadge />;
  if (channel.disabled_reason !== null) return <Badge tone="bad">Stopped</Badge>;
  if (!channel.enabled) return <Badge>Disabled</Badge>;
  if (channel.last_error !== null) return <Badge tone="warn">Failing</Badge>;
  return null;
}

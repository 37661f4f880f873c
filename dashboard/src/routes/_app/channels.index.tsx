import { useInfiniteQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import { ChannelList } from '#/channel/ChannelList';
import { NewChannel } from '#/channel/NewChannel';
import { SigningKeyDialog } from '#/channel/SigningKeyDialog';
import type { KeyedChannel } from '#/client';
import { listChannelsInfiniteOptions } from '#/client/@tanstack/react-query.gen';
import { Button } from '#/ui/Button';
import { Empty } from '#/ui/Empty';
import { nextCursor, Pages } from '#/ui/Pages';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/channels/')({ component: Channels });

function Channels() {
  const channels = useInfiniteQuery({
    ...listChannelsInfiniteOptions({ query: { limit: 200 } }),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const [isCreating, setIsCreating] = useState(false);
  const [keyed, setKeyed] = useState<KeyedChannel | null>(null);
  return (
    <>
      <PageTitle
        actions={
          <Button tone="main" needs="define" onClick={() => setIsCreating(true)}>
            <Plus aria-hidden className="size-4" /> New channel
          </Button>
        }
      >
        Channels
      </PageTitle>
      <Pages
        query={channels}
        empty={
          <Empty title="No channels yet">
            <p>
              A channel sends what happens here to a phone, a mailbox, or a program, so that nobody
              has to watch this page.
            </p>
          </Empty>
        }
      >
        {(items) => <ChannelList channels={items} />}
      </Pages>
      {isCreating && (
        <NewChannel
          onCreated={(created) => {
            setIsCreating(false);
            setKeyed(created);
          }}
          onClose={() => setIsCreating(false)}
        />
      )}
      {keyed !== null && keyed.signing_key !== null && (
        <SigningKeyDialog
          name={keyed.channel.name}
          signingKey={keyed.signing_key}
          onStored={() => setKeyed(null)}
        />
      )}
    </>
  );
}

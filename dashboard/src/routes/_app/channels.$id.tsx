import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import {
  ChannelSettingsPanel,
  ChannelTestPanel,
  DeleteChannelPanel,
  SigningKeyPanel,
  SlackAddressPanel,
} from '#/channel/ChannelPanels';
import { ChannelState } from '#/channel/ChannelState';
import { Deliveries } from '#/channel/Deliveries';
import { kindName } from '#/channel/draft';
import { getChannelOptions } from '#/client/@tanstack/react-query.gen';
import { NotFound, requireId } from '#/shell/NotFound';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { BackLink } from '#/ui/BackLink';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';
import { Panel } from '#/ui/Panel';
import { DefinitionName } from '#/ui/Unreadable';

export const Route = createFileRoute('/_app/channels/$id')({
  params: { parse: ({ id }) => ({ id: Number(id) }), stringify: ({ id }) => ({ id: String(id) }) },
  loader: requireId,
  notFoundComponent: NotFound,
  component: ChannelPage,
});

function ChannelPage() {
  const { id } = Route.useParams();
  const {
    data: channel,
    error,
    isPending,
    refetch,
  } = useQuery({
    ...getChannelOptions({ path: { id } }),
    // The event stream does not include deliveries.
    refetchInterval: 5000,
  });
  return (
    <>
      <BackLink to="/channels">All channels</BackLink>
      {isPending && <Loading />}
      {error && !channel && <PageTitle>Channel</PageTitle>}
      <Failure error={error} onRetry={refetch} />
      {channel && (
        <>
          <PageTitle actions={<ChannelState channel={channel} />}>
            <DefinitionName noun="channel" id={channel.id} name={channel.name} />
          </PageTitle>
          {channel.unreadable && (
            <div className="space-y-4">
              <Failure>
                The stored data of this channel is damaged and cannot be read. Nothing is sent until
                you delete it and create it again.
              </Failure>
              <DeleteChannelPanel channel={channel} />
            </div>
          )}
        </>
      )}
      {channel && !channel.unreadable && (
        <div key={channel.id} className="grid items-start gap-4 xl:grid-cols-2">
          <div className="min-w-0 space-y-4">
            <ChannelSettingsPanel channel={channel} />
            {channel.kind === 'webhook' && <SigningKeyPanel channel={channel} />}
            {channel.kind === 'slack' && <SlackAddressPanel channel={channel} />}
            <DeleteChannelPanel channel={channel} />
          </div>
          <div className="min-w-0 space-y-4">
            <ChannelTestPanel channel={channel} />
            <Panel title="Details">
              <dl className="space-y-1">
                {channel.kind && <Fact name="Kind">{kindName(channel.kind)}</Fact>}
                <Fact name="Last sent">
                  {channel.last_delivered_at ? dateTime(channel.last_delivered_at) : 'Never'}
                </Fact>
                {channel.last_error !== null && (
                  <Fact name="Last error">
                    <Visible text={channel.last_error} />
                  </Fact>
                )}
                <Fact name="Created">{dateTime(channel.created_at)}</Fact>
              </dl>
            </Panel>
            <Deliveries channelId={channel.id} />
          </div>
        </div>
      )}
    </>
  );
}

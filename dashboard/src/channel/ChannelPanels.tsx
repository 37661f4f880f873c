/** Panels that change, test and delete a channel. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import type { Channel } from '#/client';
import {
  deleteChannelMutation,
  listChannelsQueryKey,
  rotateChannelKeyMutation,
  testChannelMutation,
  updateChannelMutation,
} from '#/client/@tanstack/react-query.gen';
import { gatewayUrl } from '#/gateway';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { Confirm } from '#/ui/Confirm';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { SaveRow } from '#/ui/SaveRow';
import { useStored } from '#/ui/useStored';
import { CHANNEL_FIELDS, ChannelFields } from './ChannelFields';
import { draftOf, toBody } from './draft';
import { SigningKeyDialog } from './SigningKeyDialog';

/** Edits the channel. */
export function ChannelSettingsPanel({ channel }: { channel: Channel }) {
  const [draft, setDraft] = useStored(draftOf(channel));
  const queries = useQueryClient();
  const save = useMutation({
    ...updateChannelMutation(),
    onSuccess: () => queries.invalidateQueries(),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ path: { id: channel.id }, body: toBody(draft, channel) });
  };
  const { settings } = channel;
  // A bot always has a token.
  const hasToken =
    channel.kind === 'slack' ||
    channel.kind === 'telegram' ||
    (settings !== null && 'has_token' in settings && settings.has_token);
  return (
    <Panel title="Settings">
      <form onSubmit={submit} onChange={() => save.reset()} className="space-y-4">
        <ChannelFields
          draft={draft}
          isNew={false}
          hasToken={hasToken}
          secrets={settings !== null && 'has_signing_secret' in settings ? settings : undefined}
          error={save.error}
          onChange={setDraft}
        />
        <CheckField
          label="Channel enabled"
          hint={channel.disabled_reason ?? undefined}
          checked={draft.enabled}
          onChange={(event) => setDraft({ ...draft, enabled: event.target.checked })}
        />
        <SaveRow save={save} fields={CHANNEL_FIELDS}>
          Save channel
        </SaveRow>
      </form>
    </Panel>
  );
}

/** Shows where Slack sends what people do with buttons. */
export function SlackAddressPanel({ channel }: { channel: Channel }) {
  const url = `${gatewayUrl()}/channels/${channel.id}/slack`;
  return (
    <Panel title="Request URL">
      <div className="space-y-3 text-sm">
        <p className="text-soft">
          Enter this URL in the settings of the Slack app: under Interactivity, and for the command
          /gaiterguard. With Socket Mode, Slack needs no URL.
        </p>
        <code className="block break-words select-all">{url}</code>
        <CopyButton text={url} label="Copy URL" />
      </div>
    </Panel>
  );
}

/** Sends a test message and shows whether it was accepted. */
export function ChannelTestPanel({ channel }: { channel: Channel }) {
  const test = useMutation(testChannelMutation());
  return (
    <Panel title="Test">
      <div className="space-y-3">
        <p className="text-sm text-soft">
          Sends a message now, even if the channel is disabled or has quiet hours.
        </p>
        <Button
          needs="define"
          isBusy={test.isPending}
          onClick={() => test.mutate({ path: { id: channel.id } })}
        >
          Send test message
        </Button>
        <Failure error={test.error} />
        <p role="status" className="text-sm">
          {test.data?.delivered && 'The receiver accepted the message.'}
          {test.data && !test.data.delivered && (
            <span className="text-bad">
              Not accepted: <Visible text={test.data.error ?? ''} />
            </span>
          )}
        </p>
      </div>
    </Panel>
  );
}

/** Rotates the signing key of a webhook. */
export function SigningKeyPanel({ channel }: { channel: Channel }) {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const rotate = useMutation({
    ...rotateChannelKeyMutation(),
    gcTime: 0,
    onSuccess: async () => {
      setIsAsking(false);
      await queries.invalidateQueries();
    },
  });
  const key = rotate.data?.signing_key;
  return (
    <Panel title="Signing key">
      <Button needs="define" onClick={() => setIsAsking(true)}>
        Rotate key…
      </Button>
      {isAsking && (
        <Confirm
          title="Rotate the signing key?"
          action="Rotate key"
          isBusy={rotate.isPending}
          error={rotate.error}
          onConfirm={() => rotate.mutate({ path: { id: channel.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>For 24 hours, messages are signed with both the new and the current key.</p>
        </Confirm>
      )}
      {key && (
        <SigningKeyDialog name={channel.name} signingKey={key} onStored={() => rotate.reset()} />
      )}
    </Panel>
  );
}

/** Deletes the channel. */
export function DeleteChannelPanel({ channel }: { channel: Channel }) {
  const [isAsking, setIsAsking] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    ...deleteChannelMutation(),
    onSuccess: async () => {
      // Fetched first, so that the list does not show the deleted one for a moment.
      await queries.invalidateQueries({ queryKey: listChannelsQueryKey(), refetchType: 'all' });
      await navigate({ to: '/channels', ignoreBlocker: true });
      await queries.invalidateQueries();
    },
  });
  return (
    <Panel title="Delete">
      <Button needs="define" onClick={() => setIsAsking(true)}>
        Delete channel…
      </Button>
      {isAsking && (
        <Confirm
          title="Delete this channel?"
          action="Delete channel"
          isBusy={remove.isPending}
          error={remove.error}
          onConfirm={() => remove.mutate({ path: { id: channel.id } })}
          onClose={() => setIsAsking(false)}
        >
          <p>
            <Visible text={channel.name} /> receives no further messages, and waiting ones are
            deleted. To pause it, disable it instead.
          </p>
        </Confirm>
      )}
    </Panel>
  );
}

/** The dialog that creates a channel. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { KeyedChannel } from '#/client';
import { createChannelMutation } from '#/client/@tanstack/react-query.gen';
import { formError } from '#/session/client';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { CHANNEL_FIELDS, ChannelFields } from './ChannelFields';
import { draftOf, toBody } from './draft';

/** Creates a channel and passes it, with its signing key, to `onCreated`. */
export function NewChannel({
  onCreated,
  onClose,
}: {
  onCreated: (created: KeyedChannel) => void;
  onClose: () => void;
}) {
  const [draft, setDraft] = useState(() => draftOf());
  const queries = useQueryClient();
  const create = useMutation({
    ...createChannelMutation(),
    // Drops the key from the cache with the page.
    gcTime: 0,
    onSuccess: async (created) => {
      onCreated(created);
      await queries.invalidateQueries();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ body: { ...toBody(draft), kind: draft.kind } });
  };
  return (
    <Modal title="New channel" onClose={onClose}>
      <form onSubmit={submit} onChange={() => create.reset()} className="space-y-4">
        <ChannelFields
          draft={draft}
          isNew
          hasToken={false}
          error={create.error}
          onChange={setDraft}
        />
        <Failure error={formError(create.error, CHANNEL_FIELDS)} />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button needs="define" type="submit" tone="main" isBusy={create.isPending}>
            Create channel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

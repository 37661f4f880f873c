/** Accounts in Slack and Telegram with which the user decides. */
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ChatAccount, ChatLinkCode } from '#/client';
import {
  createChatLinkCodeMutation,
  listChatAccountsInfiniteOptions,
  listChatAccountsInfiniteQueryKey,
  unlinkChatAccountMutation,
} from '#/client/@tanstack/react-query.gen';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Confirm } from '#/ui/Confirm';
import { CopyButton } from '#/ui/CopyButton';
import { Failure } from '#/ui/Failure';
import { Modal } from '#/ui/Modal';
import { nextCursor, Pages } from '#/ui/Pages';
import { Panel } from '#/ui/Panel';

/** Lists the linked accounts; creates a code that links another one. */
export function ChatAccounts() {
  const accounts = useInfiniteQuery({
    ...listChatAccountsInfiniteOptions(),
    initialPageParam: {},
    getNextPageParam: nextCursor,
  });
  const queries = useQueryClient();
  const [unlinking, setUnlinking] = useState<ChatAccount | null>(null);
  // The cache must not keep the code once the page is left.
  const create = useMutation({ ...createChatLinkCodeMutation(), gcTime: 0 });
  const close = () => {
    create.reset();
    void queries.invalidateQueries({ queryKey: listChatAccountsInfiniteQueryKey() });
  };
  return (
    <Panel title="Slack and Telegram">
      <p className="mb-3 text-sm text-soft">
        Link your account to approve and deny requests with the buttons of messages.
      </p>
      <Pages query={accounts} empty={null}>
        {(all) => (
          <ul aria-label="Linked accounts" className="mb-3 divide-y divide-line">
            {all.map((account) => (
              <AccountItem
                key={account.id}
                account={account}
                onUnlink={() => setUnlinking(account)}
              />
            ))}
          </ul>
        )}
      </Pages>
      <Button isBusy={create.isPending} onClick={() => create.mutate({})}>
        Link an account…
      </Button>
      <Failure error={create.error} />
      {create.data && <CodeDialog code={create.data} onClose={close} />}
      {unlinking && <Unlink account={unlinking} onClose={() => setUnlinking(null)} />}
    </Panel>
  );
}

function AccountItem({ account, onUnlink }: { account: ChatAccount; onUnlink: () => void }) {
  const { kind, name, channels, createdAt } = account;
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 py-2 text-sm">
      <span className="min-w-0">
        <span className="font-medium">
          {kind === 'slack' ? 'Slack' : 'Telegram'}: <Visible text={name || account.account} />
        </span>
        <span className="block">
          {channels.length > 0 ? (
            <>
              Decides in <Visible text={channels.join(', ')} />
            </>
          ) : (
            <span className="text-bad">
              Does not work: the secrets of the channel have changed. Link the account again.
            </span>
          )}
        </span>
        <span className="block text-soft">Linked {dateTime(createdAt)}.</span>
      </span>
      <Button onClick={onUnlink}>Unlink…</Button>
    </li>
  );
}

function CodeDialog({ code, onClose }: { code: ChatLinkCode; onClose: () => void }) {
  return (
    <Modal title="Link an account" onClose={onClose}>
      <div className="space-y-4 text-sm">
        <p>Send one of these messages from the account. The code works once.</p>
        <Message place="In Slack" text={`/gaiterguard link ${code.code}`} />
        <Message place="To the bot in Telegram" text={`/link ${code.code}`} />
        <p className="text-soft">
          The code expires {dateTime(code.expiresAt)}. Anyone who sends it can decide on your
          behalf, so do not share it.
        </p>
        <div className="flex justify-end">
          <Button tone="main" onClick={onClose}>
            Done
          </Button>
        </div>
      </div>
    </Modal>
  );
}

function Message({ place, text }: { place: string; text: string }) {
  return (
    <div className="space-y-1">
      <p className="font-medium">{place}</p>
      <code className="block break-words select-all">{text}</code>
      <CopyButton text={text} label={`Copy the message (${place.toLowerCase()})`} />
    </div>
  );
}

function Unlink({ account, onClose }: { account: ChatAccount; onClose: () => void }) {
  const queries = useQueryClient();
  const unlink = useMutation({
    ...unlinkChatAccountMutation(),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: listChatAccountsInfiniteQueryKey() }),
  });
  return (
    <Confirm
      title="Unlink this account?"
      action="Unlink"
      isBusy={unlink.isPending}
      error={unlink.error}
      onConfirm={() => unlink.mutate({ path: { id: account.id } })}
      onClose={onClose}
    >
      <p>
        Buttons that <Visible text={account.name || account.account} /> presses have no effect
        afterwards.
      </p>
    </Confirm>
  );
}

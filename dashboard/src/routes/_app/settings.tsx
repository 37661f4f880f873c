import { useQuery } from '@tanstack/react-query';
import { createFileRoute } from '@tanstack/react-router';
import { getSettingsOptions } from '#/client/@tanstack/react-query.gen';
import { Account, ThisBrowser } from '#/settings/Account';
import { ChatAccounts } from '#/settings/ChatAccounts';
import { Configured } from '#/settings/Configured';
import { Model } from '#/settings/Model';
import { Passkeys } from '#/settings/Passkeys';
import { PushDevices } from '#/settings/PushDevices';
import { SecondFactor } from '#/settings/SecondFactor';
import { Sessions } from '#/settings/Sessions';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { PageTitle } from '#/ui/PageTitle';

export const Route = createFileRoute('/_app/settings')({ component: SettingsPage });

function SettingsPage() {
  const settings = useQuery(getSettingsOptions());
  return (
    <>
      <PageTitle>Settings</PageTitle>
      <div className="grid gap-4 xl:grid-cols-2">
        <Account />
        <SecondFactor />
        <Passkeys />
        <ChatAccounts />
        <ThisBrowser />
        <PushDevices />
        <Sessions />
        {settings.data && <Model llm={settings.data.llm} />}
      </div>
      <div className="mt-4">
        {settings.isPending && <Loading />}
        <Failure error={settings.error} onRetry={settings.refetch} />
        {settings.data && <Configured settings={settings.data} />}
      </div>
    </>
  );
}

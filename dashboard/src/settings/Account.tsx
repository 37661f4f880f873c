/** The account, and the settings of this browser. */
import { useQuery } from '@tanstack/react-query';
import { meOptions } from '#/client/@tanstack/react-query.gen';
import { WorkspaceSwitch } from '#/member/WorkspaceSwitch';
import { NotifySwitch } from '#/notify/NotifySwitch';
import { ROLES } from '#/session/permission';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Fact } from '#/ui/Fact';
import { Failure } from '#/ui/Failure';
import { Loading } from '#/ui/Loading';
import { Panel } from '#/ui/Panel';
import { SelectField } from '#/ui/SelectField';
import { chooseTheme, type Theme, useTheme } from '#/ui/theme';
import { Password } from './Password';
import { SingleSignOn } from './SingleSignOn';

const THEMES = [
  ['system', 'System'],
  ['light', 'Light'],
  ['dark', 'Dark'],
] as const;

/** Shows the account. */
export function Account() {
  const me = useQuery(meOptions());
  return (
    <Panel title="Account">
      {me.isPending && <Loading />}
      <Failure error={me.error} onRetry={me.refetch} />
      {me.data && (
        <dl className="space-y-1">
          <Fact name="Email">
            <Visible text={me.data.email} />
          </Fact>
          <Fact name="Role">
            {ROLES[me.data.role][0]}. {ROLES[me.data.role][1]}
          </Fact>
          <Fact name="Created">{dateTime(me.data.createdAt)}</Fact>
        </dl>
      )}
      <div className="mt-4">
        <WorkspaceSwitch />
      </div>
      <div className="mt-4">
        <Password />
      </div>
      <SingleSignOn />
      <p className="mt-4 text-sm text-soft">
        To reset a forgotten password, run this command on the gateway’s machine:{' '}
        <code className="break-words">gaiterguard user reset-password EMAIL</code>. To remove a lost
        second factor: <code className="break-words">gaiterguard user reset-factors EMAIL</code>
      </p>
    </Panel>
  );
}

/** Shows the settings of this browser. */
export function ThisBrowser() {
  const { theme } = useTheme();
  return (
    <Panel title="This browser">
      <div className="space-y-4">
        <SelectField
          label="Theme"
          options={THEMES}
          value={theme}
          onChange={({ target }) => chooseTheme(target.value as Theme)}
        />
        <div>
          <h3 className="mb-1 text-sm font-medium">Notifications</h3>
          <p className="mb-2 text-sm text-soft">
            Notifications show what a request would do, its agent, and its service.
          </p>
          <NotifySwitch />
        </div>
      </div>
    </Panel>
  );
}

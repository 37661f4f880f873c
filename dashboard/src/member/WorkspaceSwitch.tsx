/** Switching between the workspaces of the user. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { meOptions } from '#/client/@tanstack/react-query.gen';
import { appPath } from '#/gateway';
import { ROLES } from '#/session/permission';
import { switchWorkspace } from '#/session/session';
import { Failure } from '#/ui/Failure';
import { SelectField } from '#/ui/SelectField';

/** Shows a drop-down list of the workspaces; renders nothing for a user with one. */
export function WorkspaceSwitch() {
  const { data: me } = useQuery(meOptions());
  const [error, setError] = useState<unknown>(null);
  if (!me || me.workspaces.length < 2) return null;
  const change = async (id: number) => {
    try {
      await switchWorkspace(id);
      // Nothing on the page belongs to the other workspace.
      window.location.assign(appPath(''));
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <div className="space-y-2">
      <SelectField
        label="Workspace"
        hint="A workspace is named after its first owner."
        options={me.workspaces.map(
          ({ id, owner, role }) => [`${id}`, `${owner} (${ROLES[role][0].toLowerCase()})`] as const,
        )}
        value={`${me.workspaceId}`}
        onChange={({ target }) => void change(Number(target.value))}
      />
      <Failure error={error} />
    </div>
  );
}

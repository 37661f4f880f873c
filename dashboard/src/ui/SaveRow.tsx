/** The end of a form: the error that no field shows, the button, and the confirmation. */
import type { Permission } from '#/client';
import { formError } from '#/session/client';
import { Button } from './Button';
import { Failure } from './Failure';
import { Saved } from './Saved';

/** Shows the row. `fields` show their own errors. */
export function SaveRow({
  save,
  fields,
  needs = 'define',
  children,
}: {
  save: { error: unknown; isPending: boolean; isSuccess: boolean };
  fields: readonly string[];
  needs?: Permission;
  children: string;
}) {
  return (
    <>
      <Failure error={formError(save.error, fields)} />
      <div className="flex items-center gap-3">
        <Button type="submit" tone="main" needs={needs} isBusy={save.isPending}>
          {children}
        </Button>
        <Saved when={save.isSuccess} />
      </div>
    </>
  );
}

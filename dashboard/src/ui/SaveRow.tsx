/** The end of a form: what went wrong beside no field, the button, and that it was saved. */
import { formError } from '#/session/client';
import { Button } from './Button';
import { Failure } from './Failure';
import { Saved } from './Saved';

/** The row. `fields` are those that show their own fault. */
export function SaveRow({
  save,
  fields,
  children,
}: {
  save: { error: unknown; isPending: boolean; isSuccess: boolean };
  fields: readonly string[];
  children: string;
}) {
  return (
    <>
      <Failure error={formError(save.error, fields)} />
      <div className="flex items-center gap-3">
        <Button type="submit" tone="main" isBusy={save.isPending}>
          {children}
        </Button>
        <Saved when={save.isSuccess} />
      </div>
    </>
  );
}

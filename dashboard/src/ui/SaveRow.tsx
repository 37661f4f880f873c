/** The end of a form: what went wrong beside no field, the button, and that it was saved. */
import { notBeside } from '#/session/client';
import { Button, Failure } from './parts';
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
      <Failure error={notBeside(save.error, fields)} />
      <div className="flex items-center gap-3">
        <Button type="submit" tone="main" isBusy={save.isPending}>
          {children}
        </Button>
        <Saved when={save.isSuccess} />
      </div>
    </>
  );
}

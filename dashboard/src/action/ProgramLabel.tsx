/** The label of the program that sent a request, quoted because its user chose it. */
import { Visible } from '#/text/Visible';

/** Shows the label, or nothing if there is none. */
export function ProgramLabel({ label }: { label: string | null }) {
  if (label === null) return null;
  return (
    <span className="text-soft" title="Label of the program, chosen by its user">
      {' '}
      “<Visible text={label} />”
    </span>
  );
}

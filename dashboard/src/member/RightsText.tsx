/** A role and its limits, in words. */
import { EFFECTS } from '#/action/effect';
import { useNames } from '#/names/useNames';
import { ROLES } from '#/session/permission';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import type { Rights } from './RightsFields';

/** Shows the role, and the limits of an approver. */
export function RightsText({ rights: { role, services, effects } }: { rights: Rights }) {
  const names = useNames();
  return (
    <>
      <Badge>{ROLES[role][0]}</Badge>
      {services && (
        <span className="text-soft">
          {' '}
          Services: <Visible text={services.map((id) => names.services.of(id)).join(', ')} />.
        </span>
      )}
      {effects && (
        <span className="text-soft">
          {' '}
          Effects: {effects.map((effect) => EFFECTS[effect].word.toLowerCase()).join(', ')}.
        </span>
      )}
    </>
  );
}

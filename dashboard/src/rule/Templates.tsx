/** Rules to start from, as buttons. */
import { Button } from '#/ui/Button';
import type { RuleDraft } from './draft';
import { templates } from './templates';
import { useDocumented } from './useDocumented';

/** Shows the templates. */
export function Templates({
  draft,
  onChange,
}: {
  draft: RuleDraft;
  onChange: (part: Partial<RuleDraft>) => void;
}) {
  const { known } = useDocumented(draft.serviceId, null);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <fieldset className="space-y-2">
      <legend className="mb-1 text-sm font-medium">Start from</legend>
      <div className="flex flex-wrap gap-2">
        {templates(known, zone).map((template) => (
          <Button
            key={template.name}
            onClick={() =>
              onChange({ ...template.draft, name: draft.name.trim() || template.draft.name })
            }
          >
            {template.name}
          </Button>
        ))}
      </div>
    </fieldset>
  );
}

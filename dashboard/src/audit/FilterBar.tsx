/** The filters of the audit log. */
import { useQuery } from '@tanstack/react-query';
import { meOptions } from '#/client/@tanstack/react-query.gen';
import { useNames } from '#/names/useNames';
import { visibleText } from '#/text/visible';
import { Button } from '#/ui/Button';
import { SelectField } from '#/ui/SelectField';
import { type AuditFilter, PERIODS, type Period } from './filter';
import { GROUPS, type Group } from './sentence';

/** Shows the filter fields. */
export function FilterBar({
  filter,
  onChange,
}: {
  filter: AuditFilter;
  onChange: (filter: AuditFilter) => void;
}) {
  const { agents } = useNames();
  const { data: me } = useQuery(meOptions());
  const who = [
    ['', 'Everyone'],
    ...(me ? [[`user:${me.id}`, 'You'] as const] : []),
    ['user', 'All people'],
    ['agent', 'All agents'],
    ...agents.all.map(
      ({ id, name }) => [`agent:${id}`, `Agent ${id}: ${visibleText(name)}`] as const,
    ),
    ['gateway', 'The gateway'],
    ['operator', 'The operator (command line)'],
  ] as const;
  // Another person's link may filter by someone who is not in the list.
  const known = who.some(([value]) => value === (filter.who ?? ''));
  const labeled = (all: Record<string, readonly [string, ...unknown[]]>, any: string) =>
    [['', any], ...Object.entries(all).map(([key, [label]]) => [key, label] as const)] as const;
  return (
    <search className="mb-4 grid gap-3 rounded-lg border border-line bg-panel p-3 sm:grid-cols-3">
      <SelectField
        label="Actor"
        options={known ? who : [...who, [filter.who ?? '', filter.who?.replace(':', ' ') ?? '']]}
        value={filter.who ?? ''}
        onChange={({ target }) => onChange({ ...filter, who: target.value || undefined })}
      />
      <SelectField
        label="Event"
        options={labeled(GROUPS, 'All events')}
        value={filter.group ?? ''}
        onChange={({ target }) =>
          onChange({ ...filter, group: (target.value as Group) || undefined })
        }
      />
      <SelectField
        label="Period"
        options={labeled(PERIODS, 'Any time')}
        value={filter.period ?? ''}
        onChange={({ target }) =>
          onChange({ ...filter, period: (target.value as Period) || undefined })
        }
      />
      {Object.values(filter).some((value) => value !== undefined) && (
        <div className="sm:col-span-3">
          <Button tone="quiet" onClick={() => onChange({})}>
            Clear filters
          </Button>
        </div>
      )}
    </search>
  );
}

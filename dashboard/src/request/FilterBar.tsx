/** The filters of the history. */
import { ListFilter } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { DECISIONS, STATUSES } from '#/action/outcome';
import type { ActionStatus, RequestDecision } from '#/client';
import { useNames } from '#/names/useNames';
import { visibleText } from '#/text/visible';
import { Button } from '#/ui/Button';
import { SelectField } from '#/ui/SelectField';
import { TextField } from '#/ui/TextField';
import type { RequestFilter } from './filter';

/** A search starts after this pause in typing. */
const TYPED_MS = 350;

/** Shows the filter fields. */
export function FilterBar({
  filter,
  onChange,
}: {
  filter: RequestFilter;
  onChange: (filter: RequestFilter) => void;
}) {
  const { agents, services } = useNames();
  const options = (all: ReadonlyArray<{ id: number; name: string }>) =>
    [['', 'All'], ...all.map(({ id, name }) => [String(id), visibleText(name)] as const)] as const;
  const words = (all: Record<string, { word: string }>) =>
    [['', 'All'], ...Object.entries(all).map(([key, { word }]) => [key, word] as const)] as const;
  const chosen = Object.keys(filter).length;
  const [isOpen, setIsOpen] = useState(false);
  return (
    <search className="mb-4 grid gap-3 rounded-lg border border-line bg-panel p-3 sm:grid-cols-2 xl:grid-cols-5">
      <SearchField
        text={filter.text ?? ''}
        onSearch={(text) => onChange({ ...filter, text: text || undefined })}
      />
      <Button className="sm:hidden" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <ListFilter aria-hidden className="size-4" />
        {isOpen ? 'Hide filters' : 'Show filters'}
      </Button>
      <div className={isOpen ? 'contents' : 'hidden sm:contents'}>
        <SelectField
          label="Agent"
          options={options(agents.all)}
          value={filter.agent ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, agent: Number(target.value) || undefined })
          }
        />
        <SelectField
          label="Service"
          options={options(services.all)}
          value={filter.service ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, service: Number(target.value) || undefined })
          }
        />
        <SelectField
          label="Decision"
          options={words(DECISIONS)}
          value={filter.decision ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, decision: (target.value as RequestDecision) || undefined })
          }
        />
        <SelectField
          label="Approval status"
          options={words(STATUSES)}
          value={filter.status ?? ''}
          onChange={({ target }) =>
            onChange({ ...filter, status: (target.value as ActionStatus) || undefined })
          }
        />
      </div>
      {chosen > 0 && (
        <div className="sm:col-span-2 xl:col-span-5">
          <Button tone="quiet" onClick={() => onChange({})}>
            Clear filters
          </Button>
        </div>
      )}
    </search>
  );
}

function SearchField({ text, onSearch }: { text: string; onSearch: (text: string) => void }) {
  const [typed, setTyped] = useState(text);
  const asked = useRef(text);
  // The text may change without typing: by the Back button, or by clearing the filters.
  useEffect(() => {
    if (asked.current === text) return;
    asked.current = text;
    setTyped(text);
  }, [text]);
  useEffect(() => {
    if (typed === asked.current) return;
    const timer = setTimeout(() => {
      asked.current = typed;
      onSearch(typed);
    }, TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed, onSearch]);
  return (
    <TextField
      label="URL or intent"
      type="search"
      maxLength={200}
      value={typed}
      onChange={({ target }) => setTyped(target.value)}
    />
  );
}

/** The catalog of service templates. */
import { FileText, Plus } from 'lucide-react';
import { useState } from 'react';
import { Button } from '#/ui/Button';
import { FIELD } from '#/ui/Field';
import { CATALOG, monogram, type Template } from './catalog';

/** The templates of the short list: what agents are given most, one of each kind. */
const POPULAR = ['GitHub', 'Gmail', 'Notion', 'OpenAI', 'Slack', 'Stripe'];

/** Lists the templates, and “Custom”. */
export function CatalogPicker({
  isShort = false,
  onChoose,
}: {
  /** Whether only the names of some are listed until the user searches or asks for all. */
  isShort?: boolean;
  onChoose: (template: Template | undefined) => void;
}) {
  const [filter, setFilter] = useState('');
  const [isWhole, setIsWhole] = useState(!isShort);
  const pattern = filter.trim().toLowerCase();
  const isPopular = !isWhole && pattern === '';
  const shown = CATALOG.filter(({ name, description }) =>
    isPopular ? POPULAR.includes(name) : `${name} ${description}`.toLowerCase().includes(pattern),
  );
  return (
    <div className="space-y-3">
      <input
        type="search"
        aria-label="Search the catalog"
        placeholder="Search the catalog"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        className={FIELD}
      />
      <ul className="grid gap-2 sm:grid-cols-2 xl:grid-cols-3">
        <li>
          <TemplateButton
            name="Custom"
            description="Any HTTP API"
            isCustom
            onClick={() => onChoose(undefined)}
          />
        </li>
        {shown.map((template) => (
          <li key={template.name}>
            <TemplateButton
              name={template.name}
              description={isPopular ? undefined : template.description}
              hasDocument={!isPopular && template.documentUrl !== undefined}
              onClick={() => onChoose(template)}
            />
          </li>
        ))}
      </ul>
      {isPopular && (
        <Button tone="quiet" onClick={() => setIsWhole(true)}>
          Show all {CATALOG.length}
        </Button>
      )}
      {shown.length === 0 && (
        <p role="status" className="text-sm text-soft">
          No matches. Choose “Custom” instead.
        </p>
      )}
    </div>
  );
}

function TemplateButton({
  name,
  description,
  isCustom = false,
  hasDocument = false,
  onClick,
}: {
  name: string;
  description: string | undefined;
  isCustom?: boolean;
  /** Whether the gateway can fetch a document of its operations. */
  hasDocument?: boolean;
  onClick: () => void;
}) {
  return (
    <button
      type="button"
      onClick={onClick}
      className={`flex h-full min-h-16 w-full items-center gap-3 rounded-lg border bg-panel p-3 text-left hover:bg-raised ${isCustom ? 'border-dashed border-soft' : 'border-line'}`}
    >
      <span
        aria-hidden
        className="flex size-9 shrink-0 items-center justify-center rounded-md bg-raised text-sm font-bold"
      >
        {isCustom ? <Plus className="size-5" /> : monogram(name)}
      </span>
      <span className="min-w-0">
        <span className="block font-semibold">{name}</span>
        {description && <span className="block text-sm text-soft">{description}</span>}
        {hasDocument && (
          <span className="flex items-center gap-1 text-xs text-soft">
            <FileText aria-hidden className="size-3.5" /> Operations included
          </span>
        )}
      </span>
    </button>
  );
}

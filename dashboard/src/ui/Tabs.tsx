/** Tabs. */
import { Tabs as Base } from '@base-ui/react/tabs';
import type { ReactNode } from 'react';

/** Shows tabs, starting with the first. */
export function Tabs({
  label,
  tabs,
}: {
  label: string;
  tabs: ReadonlyArray<{ name: string; content: ReactNode }>;
}) {
  return (
    <Base.Root defaultValue={tabs[0]?.name}>
      <Base.List aria-label={label} className="mb-3 flex flex-wrap gap-1 border-b border-line">
        {tabs.map(({ name }) => (
          <Base.Tab
            key={name}
            value={name}
            className="-mb-px min-h-10 border-b-2 border-transparent px-3 text-sm font-medium text-soft hover:text-ink data-[active]:border-brand data-[active]:text-ink"
          >
            {name}
          </Base.Tab>
        ))}
      </Base.List>
      {tabs.map(({ name, content }) => (
        <Base.Panel key={name} value={name}>
          {content}
        </Base.Panel>
      ))}
    </Base.Root>
  );
}

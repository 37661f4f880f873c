/** The set-up step with the agent's first requests, and what connects the agent. */
import { Link } from '@tanstack/react-router';
import { useCallback, useState } from 'react';
import { Connect } from '#/agent/Connect';
import type { Agent, Service } from '#/client';
import { Button } from '#/ui/Button';
import { CheckField } from '#/ui/CheckField';
import { CopyButton } from '#/ui/CopyButton';
import { Panel } from '#/ui/Panel';
import { Samples } from './Samples';

/** Shows the step. `apiKey` is set only until the user leaves the page. */
export function FirstRequestStep({
  agent,
  service,
  apiKey,
  isStored,
  onStored,
}: {
  agent: Agent;
  service: Service;
  apiKey: string | undefined;
  isStored: boolean;
  onStored: (isStored: boolean) => void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const open = useCallback(() => setIsOpen(true), []);
  return (
    <div className="space-y-4">
      <Samples agent={agent} service={service} apiKey={apiKey} onComplete={open} />
      {apiKey ? (
        <Panel title="Agent key" actions={<CopyButton text={apiKey} label="Copy key" />}>
          <div className="space-y-3">
            <code
              data-testid="agent-key"
              className="block rounded-md border border-line bg-page p-3 text-sm break-all select-all"
            >
              {apiKey}
            </code>
            <CheckField
              label="I have stored the key"
              hint="Shown only once"
              checked={isStored}
              onChange={(event) => onStored(event.target.checked)}
            />
          </div>
        </Panel>
      ) : (
        <p className="rounded-md border border-line bg-panel p-3 text-sm">
          The key was shown only once. If you lost it,{' '}
          <Link to="/agents/$id" params={{ id: agent.id }} className="text-brand underline">
            rotate the key
          </Link>
          .
        </p>
      )}
      <Panel title="Connect the agent">
        {isOpen ? (
          <Connect agent={agent} apiKey={apiKey} />
        ) : (
          <Button onClick={open}>Show how</Button>
        )}
      </Panel>
    </div>
  );
}

/** The set-up step with the agent's first requests, and what connects the agent. */
import { Link } from '@tanstack/react-router';
import { Connect } from '#/agent/Connect';
import type { Agent, Service } from '#/client';
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
  return (
    <div className="space-y-4">
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
      <Samples agent={agent} service={service} apiKey={apiKey} />
      <Panel title="Connect the agent">
        <Connect agent={agent} apiKey={apiKey} />
      </Panel>
    </div>
  );
}

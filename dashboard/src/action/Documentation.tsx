/** The documentation of the operation that a request calls. */
import { useState } from 'react';
import type { Action } from '#/client';
import { Cut } from '#/text/Cut';
import { fold } from '#/text/fold';
import { plainText } from '#/text/markdown';
import { Visible } from '#/text/Visible';
import { Badge } from '#/ui/Badge';
import { Button } from '#/ui/Button';
import { Failure } from '#/ui/Failure';
import { Panel } from '#/ui/Panel';
import { meaningsOf } from './requestValues';
import { secretsOf, withoutSecrets } from './secrets';
import { useOperation } from './useOperation';

const EXCERPT_LINES = 6;
const EXCERPT_CHARACTERS = 500;
const CUT_LINES = 4;
const CUT_CHARACTERS = 240;

/** Shows an excerpt of the documentation; renders nothing if the operation is unknown. */
export function Documentation({ action }: { action: Action }) {
  const { operation, error } = useOperation(action);
  if (error) return <Failure error={error} />;
  if (!operation) return null;
  const meanings = meaningsOf(action, operation);
  const secrets = secretsOf(action);
  return (
    <Panel
      title="API documentation"
      actions={operation.deprecated && <Badge tone="warn">Deprecated</Badge>}
    >
      <p className="font-mono text-[0.8rem]">
        {operation.method} <Visible text={operation.path} />
      </p>
      {(operation.description ?? operation.summary) && (
        <Excerpt text={plainText(operation.description ?? operation.summary ?? '')} />
      )}
      {meanings.length > 0 && (
        <dl className="mt-3 space-y-2 text-sm">
          {meanings.map(({ name, value, meaning }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a name may appear twice
            <div key={index} className="gap-x-4 sm:grid sm:grid-cols-2 sm:items-baseline">
              <dt className="min-w-0 font-mono text-[0.8rem]">
                <Visible text={name} />{' '}
                <strong>
                  <Cut
                    text={withoutSecrets(value, secrets)}
                    length={CUT_CHARACTERS}
                    lines={CUT_LINES}
                    isCounted
                  />
                </strong>
              </dt>
              <dd className="min-w-0 text-soft">
                — <Cut text={meaning} length={CUT_CHARACTERS} lines={CUT_LINES} isCounted />
              </dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  );
}

function Excerpt({ text }: { text: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const folded = fold(text, EXCERPT_LINES, EXCERPT_CHARACTERS);
  return (
    <div className="mt-2 text-sm">
      <p>
        <Visible text={isOpen ? text : folded.shown} />
      </p>
      {folded.hiddenCharacters > 0 && (
        <Button tone="quiet" onClick={() => setIsOpen(!isOpen)}>
          {isOpen
            ? 'Show less'
            : `Show ${folded.hiddenCharacters.toLocaleString('en')} more characters`}
        </Button>
      )}
    </div>
  );
}

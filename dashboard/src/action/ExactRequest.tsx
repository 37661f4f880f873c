/** A request, byte for byte as it is sent. */
import { useState } from 'react';
import type { Action } from '#/client';
import { splitTarget } from '#/text/target';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { Body, type Marked } from './Body';
import { isTruncated } from './friction';
import { RequestLine } from './RequestLine';
import { MASK, secretsOf, withoutSecrets } from './secrets';

const HEADERS_SHOWN = 12;

/**
 * Shows method, URL, headers, and body, with the evidence of a signal marked in the body. A secret is shown only on
 * request.
 */
export function ExactRequest({ action, marked }: { action: Action; marked: Marked | null }) {
  const [isRevealed, setIsRevealed] = useState(false);
  const { query } = splitTarget(action.target_url);
  const secrets = secretsOf(action);
  const shown = (text: string) => (isRevealed ? text : withoutSecrets(text, secrets));
  return (
    <div className="space-y-4">
      {secrets.length > 0 && (
        <div className="flex flex-wrap items-center gap-2 text-sm text-soft">
          <span>{isRevealed ? 'Secrets are shown' : `Secrets are hidden: ${MASK}`}</span>
          <Button tone="quiet" aria-pressed={isRevealed} onClick={() => setIsRevealed(!isRevealed)}>
            {isRevealed ? 'Hide secrets' : 'Show secrets'}
          </Button>
        </div>
      )}
      <RequestLine method={action.method} url={shown(action.target_url)} />
      {query.length > 0 && (
        <div>
          <h3 className="mb-1 text-sm font-semibold">Query</h3>
          <ul className="space-y-0.5 font-mono text-[0.8rem]">
            {query.map(({ decoded }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a parameter may appear twice
              <li key={index}>
                <Visible text={shown(decoded)} />
              </li>
            ))}
          </ul>
        </div>
      )}
      <div>
        <h3 className="mb-1 text-sm font-semibold">Headers</h3>
        <Headers headers={action.request_headers} />
      </div>
      <div>
        <h3 className="mb-1 text-sm font-semibold">Body</h3>
        {action.decompressed_body === null ? (
          <Body
            body={action.request_body}
            encoding={action.body_encoding}
            marked={marked}
            shown={shown}
          />
        ) : (
          <>
            <p className="mb-1 text-sm text-soft">
              Shown decompressed. The compressed bytes are sent.
            </p>
            <Body body={action.decompressed_body} encoding="utf8" marked={marked} shown={shown} />
          </>
        )}
        {isTruncated(action) && (
          <p role="status" className="mt-2 text-sm text-warn">
            Only the beginning is shown: the request has more headers or a longer body.
          </p>
        )}
      </div>
    </div>
  );
}

/** Lists header lines; a long list is folded, with a count of the rest. */
export function Headers({ headers }: { headers: Record<string, string | string[]> }) {
  const [isOpen, setIsOpen] = useState(false);
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  if (lines.length === 0) return <p className="text-sm text-soft">No custom headers</p>;
  const shown = isOpen ? lines : lines.slice(0, HEADERS_SHOWN);
  return (
    <>
      <ul className="space-y-0.5 font-mono text-[0.8rem]">
        {shown.map(([name, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a header may appear twice
          <li key={index}>
            <span className="text-soft">
              <Visible text={name} />:
            </span>{' '}
            <Visible text={value} />
          </li>
        ))}
      </ul>
      {lines.length > shown.length && (
        <Button className="mt-2" onClick={() => setIsOpen(true)}>
          Show {lines.length - shown.length} more headers
        </Button>
      )}
    </>
  );
}

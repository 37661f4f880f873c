/** The body of a request or a response. */
import { useEffect, useMemo, useState } from 'react';
import type { BodyEncoding } from '#/client';
import { fold } from '#/text/fold';
import { formatJson } from '#/text/json';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { BODY_CHARACTERS_MAX, BODY_LINES_MAX } from './secondPress';

/** How much more each press shows: rendering ten megabytes at a time would freeze the page. */
const MORE_CHARACTERS = 100_000;
const MORE_LINES = 2_000;
/** Longer JSON is shown raw. */
const FORMATTED_CHARACTERS_MAX = 1_000_000;

/**
 * Shows a body: JSON formatted, long text folded with a count of the hidden part, binary as a
 * digest.
 */
export function Body({ body, encoding }: { body: string; encoding: BodyEncoding }) {
  if (body === '') return <p className="text-sm text-soft">No body</p>;
  if (encoding === 'base64') return <Uninspectable base64={body} />;
  return <TextBody key={body} body={body} />;
}

function TextBody({ body }: { body: string }) {
  const [isRaw, setIsRaw] = useState(false);
  const [more, setMore] = useState(0);
  const formatted = useMemo(
    () => (body.length <= FORMATTED_CHARACTERS_MAX ? formatJson(body) : null),
    [body],
  );
  const text = isRaw || formatted === null ? body : formatted;
  const folded = useMemo(
    () =>
      fold(text, BODY_LINES_MAX + more * MORE_LINES, BODY_CHARACTERS_MAX + more * MORE_CHARACTERS),
    [text, more],
  );
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center justify-between gap-2 text-sm text-soft">
        <span>{new TextEncoder().encode(body).length.toLocaleString('en')} bytes</span>
        {formatted !== null && (
          <Button tone="quiet" aria-pressed={isRaw} onClick={() => setIsRaw(!isRaw)}>
            Raw
          </Button>
        )}
      </div>
      <pre className="overflow-hidden rounded-md border border-line bg-page p-3 font-mono text-[0.8rem] whitespace-pre-wrap">
        <Visible text={folded.shown} />
      </pre>
      {folded.hiddenCharacters > 0 && (
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-warn p-2 text-sm text-warn">
          <strong>
            {folded.hiddenLines.toLocaleString('en')} more{' '}
            {folded.hiddenLines === 1 ? 'line' : 'lines'} (
            {folded.hiddenCharacters.toLocaleString('en')} characters) hidden
          </strong>
          <Button onClick={() => setMore(more + 1)}>Show more</Button>
        </div>
      )}
    </div>
  );
}

function Uninspectable({ base64 }: { base64: string }) {
  const bytes = useMemo(() => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)), [base64]);
  const [digest, setDigest] = useState<string | null>(null);
  useEffect(() => {
    let isCurrent = true;
    // Browsers compute digests only in secure contexts: HTTPS or localhost.
    void globalThis.crypto.subtle?.digest('SHA-256', bytes).then((digest) => {
      if (isCurrent) {
        setDigest([...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join(''));
      }
    });
    return () => {
      isCurrent = false;
    };
  }, [bytes]);
  return (
    <p className="rounded-md border border-warn p-3 text-sm font-medium break-words text-warn">
      Binary body, cannot be inspected: {bytes.length.toLocaleString('en')} bytes, SHA-256{' '}
      <code className="break-all">{digest ?? '(available over HTTPS only)'}</code>
    </p>
  );
}

/** A request's or an answer's body. */
import { useEffect, useMemo, useState } from 'react';
import type { BodyEncoding } from '#/client';
import { fold } from '#/text/fold';
import { layOutJson } from '#/text/json';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { BODY_CHARACTERS_MAX, BODY_LINES_MAX } from './secondPress';

/** How much more each press shows: a page must not stand still over ten megabytes. */
const MORE_CHARACTERS = 100_000;
const MORE_LINES = 2_000;
/** Longer JSON is shown as it was sent. */
const LAID_OUT_CHARACTERS_MAX = 1_000_000;

/** The body: JSON laid out, long text folded with the count of what is hidden, bytes as a digest. */
export function Body({ body, encoding }: { body: string; encoding: BodyEncoding }) {
  if (body === '') return <p className="text-sm text-soft">No body.</p>;
  if (encoding === 'base64') return <Uninspectable base64={body} />;
  return <TextBody key={body} body={body} />;
}

function TextBody({ body }: { body: string }) {
  const [isRaw, setIsRaw] = useState(false);
  const [more, setMore] = useState(0);
  const laidOut = useMemo(
    () => (body.length <= LAID_OUT_CHARACTERS_MAX ? layOutJson(body) : null),
    [body],
  );
  const text = isRaw || laidOut === null ? body : laidOut;
  const folded = useMemo(
    () =>
      fold(text, BODY_LINES_MAX + more * MORE_LINES, BODY_CHARACTERS_MAX + more * MORE_CHARACTERS),
    [text, more],
  );
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center justify-between gap-2 text-sm text-soft">
        <span>{new TextEncoder().encode(body).length.toLocaleString('en')} bytes</span>
        {laidOut !== null && (
          <Button tone="quiet" aria-pressed={isRaw} onClick={() => setIsRaw(!isRaw)}>
            As it is sent
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
            {folded.hiddenCharacters.toLocaleString('en')} characters) are not shown.
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
    // Browsers compute digests only on pages that came over HTTPS or from this machine.
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
      This body cannot be inspected: {bytes.length.toLocaleString('en')} bytes, SHA-256{' '}
      <code className="break-all">{digest ?? '(shown over HTTPS only)'}</code>
    </p>
  );
}

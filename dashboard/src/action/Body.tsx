/** The body of a request or a response. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { BodyEncoding, Signal } from '#/client';
import { counted } from '#/text/count';
import { fold } from '#/text/fold';
import { formatJson, type Range } from '#/text/json';
import { Visible } from '#/text/Visible';
import { Button } from '#/ui/Button';
import { evidenceIn } from './evidence';
import { withLineBreaks } from './formats';
import { BODY_CHARACTERS_MAX, BODY_LINES_MAX } from './friction';

/** A text up to this length is unfolded as a whole: 1 MB renders in well under a second. */
const ALL_CHARACTERS_MAX = 1_000_000;
/** How much more each press shows of a longer text: ten megabytes at a time would freeze the page. */
const MORE_CHARACTERS = 100_000;
const MORE_LINES = 2_000;
/** Longer JSON is shown raw. */
const FORMATTED_CHARACTERS_MAX = 1_000_000;

/** The signal whose evidence is to be marked. */
export interface Marked {
  signal: Signal;
  /** Differs for each request to mark it, so that a repeated one scrolls again. */
  count: number;
}

/**
 * Shows a body: JSON formatted, long text folded with a count of the hidden part, binary as a
 * digest. The evidence of a marked signal is unfolded and scrolled to.
 */
export function Body({
  body,
  encoding,
  marked = null,
  shown = (text) => text,
}: {
  body: string;
  encoding: BodyEncoding;
  marked?: Marked | null;
  /** Returns what is shown of the body. */
  shown?: (body: string) => string;
}) {
  if (body === '') return <p className="text-sm text-soft">No body</p>;
  if (encoding === 'base64') return <Uninspectable key={body} base64={body} />;
  return <TextBody key={body} body={body} shown={shown(body)} marked={marked} />;
}

function TextBody({
  body: sent,
  shown,
  marked,
}: {
  body: string;
  shown: string;
  marked: Marked | null;
}) {
  const body = withLineBreaks(shown);
  const [isRaw, setIsRaw] = useState(false);
  const [more, setMore] = useState(0);
  const formatted = useMemo(
    () => (body.length <= FORMATTED_CHARACTERS_MAX ? formatJson(body) : null),
    [body],
  );
  const text = isRaw || formatted === null ? body : formatted;
  const range = useMemo(() => (marked ? evidenceIn(text, marked.signal) : null), [text, marked]);
  const byteCount = useMemo(() => new TextEncoder().encode(sent).length, [sent]);
  const isShort = text.length <= ALL_CHARACTERS_MAX;
  const isWhole = isShort && (more > 0 || range !== null);
  const folded = useMemo(
    () =>
      isWhole
        ? fold(text, text.length + 1, text.length)
        : fold(
            text,
            BODY_LINES_MAX + more * MORE_LINES,
            BODY_CHARACTERS_MAX + more * MORE_CHARACTERS,
          ),
    [text, more, isWhole],
  );
  const mark = useRef<HTMLElement>(null);
  const whole = useRef<HTMLPreElement>(null);
  useEffect(() => {
    if (marked) (mark.current ?? whole.current)?.scrollIntoView({ block: 'center' });
  }, [marked]);
  return (
    <div className="space-y-2">
      <div className="flex flex-wrap items-center justify-between gap-2 text-sm text-soft">
        <span>{byteCount.toLocaleString('en')} bytes</span>
        {formatted !== null && (
          <Button tone="quiet" aria-pressed={isRaw} onClick={() => setIsRaw(!isRaw)}>
            Raw
          </Button>
        )}
      </div>
      <pre
        ref={whole}
        className="overflow-hidden rounded-md border border-line bg-page p-3 font-mono text-[0.8rem] whitespace-pre-wrap"
      >
        {range ? (
          <MarkedText ref={mark} text={folded.shown} range={range} />
        ) : (
          <Visible text={folded.shown} />
        )}
      </pre>
      {folded.hiddenCharacters > 0 && (
        <div className="flex flex-wrap items-center gap-2 rounded-md border border-warn p-2 text-sm text-warn">
          <strong>
            {counted(folded.hiddenLines, 'more line')} (
            {folded.hiddenCharacters.toLocaleString('en')} characters) hidden
          </strong>
          <Button onClick={() => setMore(more + 1)}>{isShort ? 'Show all' : 'Show more'}</Button>
        </div>
      )}
    </div>
  );
}

function MarkedText({
  ref,
  text,
  range: { start, end },
}: {
  ref: React.Ref<HTMLElement>;
  text: string;
  range: Range;
}) {
  return (
    <>
      <Visible text={text.slice(0, start)} />
      <mark ref={ref} className="rounded-sm bg-mark text-ink">
        <Visible text={text.slice(start, end)} />
      </mark>
      <Visible text={text.slice(end)} />
    </>
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
  const noDigest = globalThis.crypto.subtle ? '…' : '(available over HTTPS only)';
  return (
    <p className="rounded-md border border-warn p-3 text-sm font-medium break-words text-warn">
      Binary body, cannot be inspected: {bytes.length.toLocaleString('en')} bytes, SHA-256{' '}
      <code className="break-all">{digest ?? noDigest}</code>
    </p>
  );
}

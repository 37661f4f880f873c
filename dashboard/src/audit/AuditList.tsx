/** The entries of the audit log, as sentences. */
import { ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import type { AuditEntry } from '#/client';
import { Actor } from '#/names/Actor';
import { formatJson } from '#/text/json';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Fact } from '#/ui/Fact';
import { rowsOf } from './rows';
import { DetailService, Subject } from './Subject';
import { sentenceOf } from './sentence';

/** Lists entries, newest first. Each expands to its details. */
export function AuditList({ entries }: { entries: AuditEntry[] }) {
  return (
    <ul
      aria-label="Audit entries"
      className="divide-y divide-line rounded-lg border border-line bg-panel"
    >
      {rowsOf(entries).map((row) => (
        // The oldest entry of a row: newer ones join it.
        <Row key={row.at(-1)?.id} row={row} />
      ))}
    </ul>
  );
}

function Row({ row }: { row: AuditEntry[] }) {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const [entry] = row;
  if (!entry) return null;
  const { note, reason } = entry.detail;
  const quoted = typeof note === 'string' ? note : reason;
  return (
    <li className="[contain-intrinsic-size:auto_3rem] [content-visibility:auto]">
      <div className="flex items-start gap-1 px-2 py-1 text-sm sm:gap-2">
        <button
          type="button"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          aria-label={`Details of entry ${entry.id}`}
          onClick={() => setIsOpen(!isOpen)}
          className="flex size-10 shrink-0 items-center justify-center rounded-md hover:bg-raised sm:size-8"
        >
          <ChevronRight
            aria-hidden
            className={`size-4 transition-transform ${isOpen ? 'rotate-90' : ''}`}
          />
        </button>
        <div className="grid min-w-0 flex-1 gap-x-4 py-1.5 sm:grid-cols-[minmax(0,1fr)_auto]">
          <div className="min-w-0">
            <p>
              <strong className="font-semibold">
                <Actor actor={entry.actor} name={entry.actor_name} />
              </strong>{' '}
              {sentenceOf(entry.event, entry.detail).map((part) =>
                typeof part === 'string' ? (
                  <Visible key={part} text={part} />
                ) : part.object === 'service' ? (
                  <DetailService key={part.object} entry={entry} />
                ) : (
                  <Subject key={part.object} entry={entry} />
                ),
              )}
              {row.length > 1 && ` ${row.length} times`}
            </p>
            {typeof quoted === 'string' && (
              <blockquote className="mt-1 border-l-4 border-line pl-3 text-soft">
                <q>
                  <Visible text={quoted} />
                </q>
              </blockquote>
            )}
          </div>
          <time dateTime={entry.at} className="text-soft">
            {dateTime(entry.at)}
          </time>
        </div>
      </div>
      {isOpen && (
        <div id={id} className="space-y-6 border-t border-line px-3 py-3">
          {row.map((each) => (
            <Details key={each.id} entry={each} />
          ))}
        </div>
      )}
    </li>
  );
}

function Details({ entry }: { entry: AuditEntry }) {
  return (
    <div className="space-y-3">
      <dl className="space-y-1">
        <Fact name="Event">
          <Visible text={entry.event} />
        </Fact>
        <Fact name="Subject">
          <Visible text={entry.subject} />
        </Fact>
        <Fact name="Time">{dateTime(entry.at)}</Fact>
        <Fact name="Position">
          Entry {entry.sequence} of chain {entry.chain}
        </Fact>
        <Fact name="Hash">
          <code className="text-xs break-all">{entry.hash}</code>
        </Fact>
        <Fact name="Previous hash">
          <code className="text-xs break-all">{entry.previous_hash}</code>
        </Fact>
      </dl>
      <Detail detail={entry.detail} />
    </div>
  );
}

function Detail({ detail }: { detail: AuditEntry['detail'] }) {
  const text = JSON.stringify(detail) ?? 'null';
  if (text === '{}' || text === 'null') return null;
  return (
    <pre className="overflow-hidden rounded-md border border-line bg-page p-3 font-mono text-[0.8rem] whitespace-pre-wrap">
      <Visible text={formatJson(text) ?? text} />
    </pre>
  );
}

/** The entries of the audit log. */
import { ChevronRight } from 'lucide-react';
import type { AuditEntry } from '#/client';
import { Actor } from '#/names/Actor';
import { formatJson } from '#/text/json';
import { dateTime } from '#/text/time';
import { Visible } from '#/text/Visible';
import { Fact } from '#/ui/Fact';

/** Lists entries, newest first. Each expands to its details. */
export function AuditList({ entries }: { entries: AuditEntry[] }) {
  return (
    <ul
      aria-label="Audit entries"
      className="divide-y divide-line rounded-lg border border-line bg-panel"
    >
      {entries.map((entry) => (
        <li key={entry.id} className="[contain-intrinsic-size:auto_3rem] [content-visibility:auto]">
          <details className="group">
            <summary className="grid gap-x-4 px-3 py-2.5 text-sm hover:bg-raised sm:grid-cols-[13.5rem_minmax(0,1fr)_minmax(0,1fr)] lg:grid-cols-[13.5rem_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1fr)]">
              <span className="flex items-center gap-1.5 text-soft">
                <ChevronRight
                  aria-hidden
                  className="size-4 shrink-0 transition-transform group-open:rotate-90"
                />
                <time dateTime={entry.at}>{dateTime(entry.at)}</time>
              </span>
              <strong className="min-w-0 font-medium">
                <Visible text={entry.event} />
              </strong>
              <span className="min-w-0">
                by <Actor actor={entry.actor} />
              </span>
              <span className="hidden min-w-0 text-soft lg:block">
                <Visible text={shortened(entry.subject)} />
              </span>
            </summary>
            <div className="space-y-3 border-t border-line px-3 py-3">
              <dl className="space-y-1">
                <Fact name="Subject">
                  <Visible text={entry.subject} />
                </Fact>
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
          </details>
        </li>
      ))}
    </ul>
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

/** Shortens a UUID to its first part. */
function shortened(subject: string): string {
  return subject.replace(/([0-9a-f]{8})-[0-9a-f-]{27}/, '$1…');
}

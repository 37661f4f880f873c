/** The rows of the audit log: consecutive renewals of sessions by one actor are one row. */
import type { AuditEntry } from '#/client';

const FOLDED = 'session.refreshed';

/** Returns the entries in rows. Only a row of renewals has more than one. */
export function rowsOf(entries: readonly AuditEntry[]): AuditEntry[][] {
  const rows: AuditEntry[][] = [];
  for (const entry of entries) {
    const row = rows.at(-1);
    const last = row?.at(-1);
    const isSame = last?.event === FOLDED && entry.event === FOLDED && last.actor === entry.actor;
    if (row && isSame) row.push(entry);
    else rows.push([entry]);
  }
  return rows;
}

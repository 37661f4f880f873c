/** Downloads the audit log as a file. */
import { problemOf, sessionFetch } from '#/session/session';

/** Downloads the whole log. An incomplete response is not saved. */
export async function exportAudit(): Promise<void> {
  const response = await sessionFetch('/audit/export');
  if (!response.ok) throw await problemOf(response);
  const url = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = url;
  link.download = `gaiterguard-audit-${new Date().toISOString().slice(0, 10)}.jsonl`;
  link.click();
  URL.revokeObjectURL(url);
}

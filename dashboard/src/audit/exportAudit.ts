/** Downloads the audit log as a file. */
import { problemOf, sessionFetch } from '#/session/session';
import { saveFile } from './saveFile';

/** Downloads the whole log. An incomplete response is not saved. */
export async function exportAudit(): Promise<void> {
  const response = await sessionFetch('/audit/export');
  if (!response.ok) throw await problemOf(response);
  const day = new Date().toISOString().slice(0, 10);
  saveFile(await response.blob(), `gaiterguard-audit-${day}.jsonl`);
}

/** Downloads the newest signed checkpoint of the audit log. */
import { type AuditCheckpoint, getAuditCheckpoint } from '#/client';
import { saveFile } from './saveFile';

/** Saves the checkpoint as the command line reads it, and returns it. */
export async function downloadCheckpoint(): Promise<AuditCheckpoint> {
  const { data } = await getAuditCheckpoint({ throwOnError: true });
  const text = `${JSON.stringify(data, null, 2)}\n`;
  const content = new Blob([text], { type: 'application/json' });
  saveFile(content, `gaiterguard-checkpoint-${data.number}.json`);
  return data;
}

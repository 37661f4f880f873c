/** The text of a file with a document, unpacked if it is compressed. */

/** The gateway's limit. */
export const DOCUMENT_BYTES_MAX = 16 * 1024 * 1024;

/** The advice on a larger document. */
const TOO_LARGE_ADVICE =
  'Split it, or fetch it from a URL, which accepts up to 64 MiB, and include only part of it.';

/** Says why a file cannot be a document. The message is a sentence. */
export class FileFault extends Error {}

/** Returns the text of a file. Throws a `FileFault` if it cannot be a document. */
export async function textOf(file: File): Promise<string> {
  if (file.size > DOCUMENT_BYTES_MAX) {
    throw new FileFault(`${file.name} is larger than 16 MiB. ${TOO_LARGE_ADVICE}`);
  }
  const buffer = await file.arrayBuffer().catch(() => {
    throw new FileFault(`${file.name} cannot be read. Choose a file, not a folder.`);
  });
  const bytes = new Uint8Array(buffer);
  if (startsWith(bytes, GZIP)) return decoded(await unpacked(bytes, file.name), file.name);
  if (startsWith(bytes, ZIP)) {
    throw new FileFault(`${file.name} is a ZIP archive. Unzip it, then upload the document in it.`);
  }
  return decoded(bytes, file.name);
}

const GZIP = [0x1f, 0x8b];
const ZIP = [0x50, 0x4b, 0x03, 0x04];

function startsWith(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** Unpacks gzip, but no more than the gateway accepts: a small file can unpack to gigabytes. */
async function unpacked(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new FileFault(
        `${name} could not be decompressed. Decompress it yourself, then upload the result.`,
      );
    });
    if (done) break;
    size += value.length;
    if (size > DOCUMENT_BYTES_MAX) {
      await reader.cancel();
      throw new FileFault(`${name} decompresses to more than 16 MiB. ${TOO_LARGE_ADVICE}`);
    }
    chunks.push(value);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function decoded(bytes: Uint8Array, name: string): string {
  try {
    const isWide = startsWith(bytes, [0xff, 0xfe]) || startsWith(bytes, [0xfe, 0xff]);
    const encoding = !isWide ? 'utf-8' : bytes[0] === 0xff ? 'utf-16le' : 'utf-16be';
    const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
    if (!text.includes('\0')) return text;
  } catch {
    // Reported below.
  }
  throw new FileFault(`${name} is not UTF-8 or UTF-16 text.`);
}

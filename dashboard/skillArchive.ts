/** Packs the agent skill into an archive that the dashboard offers for download. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';

/** The size of a block of a tar archive, in bytes. */
const BLOCK = 512;

/** Adds `skill.tar.gz` to the build. */
export function skillArchive(folder: string): Plugin {
  return {
    name: 'skill-archive',
    apply: 'build',
    async generateBundle() {
      const source = await promisify(gzip)(await tarOf(folder), { level: 9 });
      this.emitFile({ type: 'asset', fileName: 'skill.tar.gz', source });
    },
  };
}

/** Returns an archive of a folder's files. The same files give the same bytes. */
async function tarOf(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('__pycache__'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const blocks: Buffer[] = [];
  for (const path of paths) {
    const content = await readFile(path);
    const isProgram = ((await stat(path)).mode & 0o100) !== 0;
    const name = path.slice(folder.length).replaceAll('\\', '/').replace(/^\/+/, '');
    blocks.push(header(name, content.length, isProgram ? 0o755 : 0o644));
    blocks.push(content, Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** Returns the header of a file, in the format `ustar` of POSIX.1-1988. */
function header(name: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is too long for a tar archive`);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => value.toString(8).padStart(length, '0');
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(0, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\x0000', 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 6)}\0 `, 148);
  return block;
}

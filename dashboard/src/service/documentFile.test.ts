import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DOCUMENT_BYTES_MAX, textOf } from './documentFile';

const TEXT = 'openapi: 3.1.0\ninfo: { title: Bücher }\n';
const file = (content: BlobPart, name = 'things.yaml') => new File([content], name);
const bytes = (buffer: Buffer) => new Uint8Array(buffer);

describe('the text of a file', () => {
  it('is its content', async () => {
    expect(await textOf(file(TEXT))).toBe(TEXT);
  });

  it('is unpacked if the file is compressed', async () => {
    expect(await textOf(file(bytes(gzipSync(TEXT)), 'things.yaml.gz'))).toBe(TEXT);
  });

  it('may be UTF-16', async () => {
    const wide = Buffer.from(`\ufeff${TEXT}`, 'utf16le');
    expect(await textOf(file(bytes(wide)))).toBe(TEXT);
  });

  it('is refused for a folder, which browsers drop like a file', async () => {
    const folder = file('');
    folder.arrayBuffer = () => Promise.reject(new DOMException('', 'NotReadableError'));
    await expect(textOf(folder)).rejects.toThrow('things.yaml cannot be read.');
  });

  it.each([
    ['an archive', bytes(Buffer.from('PK\x03\x04 and more')), 'things.yaml is a ZIP archive'],
    ['a picture', bytes(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0])), 'is not UTF-8 or UTF-16 text'],
    ['a binary', bytes(Buffer.from('a\0b')), 'is not UTF-8 or UTF-16 text'],
    ['a damaged archive', bytes(gzipSync(TEXT).subarray(0, 30)), 'could not be decompressed'],
    ['a bomb', bytes(gzipSync(Buffer.alloc(DOCUMENT_BYTES_MAX + 1))), 'more than 16 MiB'],
    ['a giant', bytes(Buffer.alloc(DOCUMENT_BYTES_MAX + 1, 32)), 'larger than 16 MiB'],
  ])('is refused for %s, with the name of the file', async (_, content, message) => {
    await expect(textOf(file(content))).rejects.toThrow(message);
    await expect(textOf(file(content))).rejects.toThrow('things.yaml');
  });
});

/** Writes the pictures of the README and the book: `node e2e/pictures.mjs`. The rest is TypeScript. */
import { join } from 'node:path';
import { runnerImport } from 'vite';

const { module } = await runnerImport(join(import.meta.dirname, 'pictures.ts'), {
  configFile: false,
  logLevel: 'error',
});
await module.takePictures();

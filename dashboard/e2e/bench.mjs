/** Measures the dashboard: `GAITERGUARD_BINARY=… node e2e/bench.mjs`. The rest is TypeScript. */
import { join } from 'node:path';
import { runnerImport } from 'vite';

const { module } = await runnerImport(join(import.meta.dirname, 'bench.ts'), {
  configFile: false,
  logLevel: 'error',
});
await module.measure();

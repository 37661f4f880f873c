import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { alias: { '#': join(import.meta.dirname, 'src') } },
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['src/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['e2e/**/*.test.ts'],
          setupFiles: ['e2e/attempts.ts'],
          // A test waits more than it works, so two in parallel take little longer than one. Each has
          // its own gateway and browser, so more than two would compete for processors.
          maxWorkers: 2,
          // A machine under load may slow a page beyond a deadline once. Each attempt finds what the first one found.
          retry: 1,
          // As long as the page of a busy machine may take; a poll ends once its value is there.
          expect: { poll: { timeout: 15_000 } },
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});

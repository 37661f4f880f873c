import { readFileSync } from 'node:fs';
import { defineConfig } from '@hey-api/openapi-ts';

/** The API's description, with ids as the numbers that JSON.parse makes of them. */
const description = JSON.parse(
  readFileSync('../crates/server/openapi.json', 'utf8'),
  (key, value) => (key === 'format' && value === 'int64' ? undefined : value),
);

export default defineConfig({
  input: description,
  output: { path: 'src/client', postProcess: [] },
  plugins: [
    '@hey-api/typescript',
    { name: '@hey-api/client-fetch', throwOnError: true },
    '@hey-api/sdk',
    '@tanstack/react-query',
  ],
});

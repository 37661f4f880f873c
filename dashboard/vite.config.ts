import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import tailwindcss from '@tailwindcss/vite';
import { tanstackRouter } from '@tanstack/router-plugin/vite';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { skillArchive } from './skillArchive';

const gateway = process.env.GATEWAY_URL ?? 'http://127.0.0.1:3000';

/** Writes a compressed copy next to each file that is worth it, so that the gateway compresses nothing. */
function packed(): Plugin {
  return {
    name: 'packed',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      const entries = await readdir(dir, { recursive: true });
      const files = entries.filter((name) => /\.(js|css|html|svg)$/.test(name));
      await Promise.all(
        files.map(async (name) => {
          const path = join(dir, name);
          const content = await readFile(path);
          await writeFile(`${path}.br`, await promisify(brotliCompress)(content));
          await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
        }),
      );
    },
  };
}

export default defineConfig({
  base: '/app/',
  // The page gets the path of the gateway when it is served; scripts find each other by where they are.
  experimental: {
    renderBuiltUrl: (_, { hostType }) => (hostType === 'html' ? undefined : { relative: true }),
  },
  plugins: [
    tanstackRouter({ target: 'react', autoCodeSplitting: true, quoteStyle: 'single' }),
    react(),
    tailwindcss(),
    skillArchive(join(import.meta.dirname, '../skill')),
    packed(),
  ],
  resolve: { alias: { '#': join(import.meta.dirname, 'src') } },
  build: {
    // A page may hold no inline content but pictures, and nothing is served from elsewhere.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        // Each file has headers of its own, so the many small modules that pages share are one file.
        codeSplitting: {
          groups: [
            {
              name: 'common',
              test: /src.(ui.(?!Tabs)|text|names|session|live|notify)|lucide-react/,
              minShareCount: 2,
            },
            { name: 'request', test: /src.(action|queue|inbox|rule)/, minShareCount: 2 },
          ],
        },
      },
    },
    target: 'es2023',
  },
  server: { proxy: { '^/(?!app/)': { target: gateway } } },
});

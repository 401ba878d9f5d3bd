import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// Bytes, gzipped.
const MOST_SCRIPT = 45 * 1024; // all that a member's page loads, at once or later, the largest catalogue with it
const MOST_SERVICE = 4 * 1024; // what the service team's page loads besides
const MOST_STYLE = 12 * 1024;

/** Beside each file its compressed copies, for the server to hand out; and the build fails when the page is too heavy. */
function weighed(): Plugin {
  return {
    name: 'weighed',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      const weights = { member: 0, service: 0, words: 0, style: 0 };
      for (const name of readdirSync(`${dir}/assets`).filter(it => /\.(js|css)$/.test(it))) {
        const file = `${dir}/assets/${name}`;
        const bytes = readFileSync(file);
        const zipped = gzipSync(bytes, { level: 9 });
        writeFileSync(`${file}.gz`, zipped);
        writeFileSync(`${file}.br`, brotliCompressSync(bytes));
        if (name.endsWith('.css')) weights.style += zipped.length;
        else if (/^[a-z]{2}-/.test(name)) weights.words = Math.max(weights.words, zipped.length);
        else weights[name.startsWith('Service-') ? 'service' : 'member'] += zipped.length;
      }
      const { words, service, style } = weights;
      const script = weights.member + words;
      this.info(`script ${script} bytes, ${words} of them words; ${service} more for service; style ${style}; gzipped`);
      if (script > MOST_SCRIPT) this.error(`the scripts weigh ${script} bytes; at most ${MOST_SCRIPT}`);
      if (service > MOST_SERVICE) this.error(`the service team's weigh ${service} bytes; at most ${MOST_SERVICE}`);
      if (style > MOST_STYLE) this.error(`the styles weigh ${style} bytes; at most ${MOST_STYLE}`);
    },
  };
}

export default defineConfig({
  // The server writes the page's shell and finds our files in the manifest (server/pages).
  base: '/',
  plugins: [weighed()],
  build: {
    manifest: true,
    modulePreload: false,
    target: 'es2022',
    rolldownOptions: {
      input: 'src/main.tsx',
      // What everybody needs is one file, whatever else is fetched only when it is shown (components/later.tsx).
      output: {
        codeSplitting: {
          groups: [
            { name: 'early', test: /early\.ts/, priority: 1 },
            { name: 'room', test: id => !/main\.tsx|messages|service\/|CommandHelp|typed|notice/.test(id) },
            { name: 'typed', test: /CommandHelp|typed|notice/ },
            { name: 'Service', test: /service\// },
          ],
        },
      },
    },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    include: ['tests/**/*.test.{ts,tsx}'],
    restoreMocks: true,
    testTimeout: 60_000, // a busy machine draws slowly
  },
});

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const MOST_SCRIPT = 45 * 1024; // bytes, gzipped: all scripts, those for the service team included
const MOST_WORDS = 10 * 1024; // the one catalogue that is spoken, which comes besides
const MOST_STYLE = 12 * 1024;

/** Beside each file its compressed copies, for the server to hand out; and the build fails when the page is too heavy. */
function weighed(): Plugin {
  return {
    name: 'weighed',
    apply: 'build',
    writeBundle({ dir = 'dist' }) {
      const weights = { script: 0, words: 0, style: 0 };
      for (const name of readdirSync(`${dir}/assets`).filter(it => /\.(js|css)$/.test(it))) {
        const file = `${dir}/assets/${name}`;
        const bytes = readFileSync(file);
        const zipped = gzipSync(bytes, { level: 9 });
        writeFileSync(`${file}.gz`, zipped);
        writeFileSync(`${file}.br`, brotliCompressSync(bytes));
        if (name.endsWith('.css')) weights.style += zipped.length;
        else if (/^[a-z]{2}-/.test(name)) weights.words = Math.max(weights.words, zipped.length);
        else weights.script += zipped.length;
      }
      const { script, words, style } = weights;
      this.info(`script ${script} bytes and at most ${words} of words, style ${style}, gzipped`);
      if (script > MOST_SCRIPT) this.error(`the scripts weigh ${script} bytes; at most ${MOST_SCRIPT}`);
      if (words > MOST_WORDS) this.error(`a catalogue weighs ${words} bytes; at most ${MOST_WORDS}`);
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
          groups: [{ name: 'room', test: id => !/main\.tsx|messages|service\/|CommandHelp|typed|notice/.test(id) }],
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

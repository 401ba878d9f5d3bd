import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The server writes the page's shell and finds our files in the manifest (server/pages).
  base: '/',
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

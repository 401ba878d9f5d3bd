import { defineConfig } from 'vitest/config';

export default defineConfig({
  // The server writes the page's shell and finds our files in the manifest (server/pages).
  base: '/',
  build: {
    manifest: true,
    modulePreload: false,
    target: 'es2022',
    rolldownOptions: { input: 'src/main.tsx' },
  },
  test: {
    environment: 'jsdom',
    setupFiles: ['tests/setup.ts'],
    include: ['tests/**/*.test.{ts,tsx}'],
    restoreMocks: true,
  },
});

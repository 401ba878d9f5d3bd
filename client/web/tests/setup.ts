import { vi } from 'vitest';
import { speak } from '../src/i18n.js';

await speak('en');

Element.prototype.scrollIntoView ??= () => {}; // jsdom lays nothing out

// What is drawn is looked at when all of it is there.
vi.mock('../src/components/soon.js', () => ({
  soon: (run: () => void) => {
    run();
    return () => {};
  },
}));

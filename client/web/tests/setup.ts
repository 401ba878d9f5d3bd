import { speak } from '../src/i18n.js';

await speak('en');

Element.prototype.scrollIntoView ??= () => {}; // jsdom lays nothing out

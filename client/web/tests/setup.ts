import { speak } from '../src/i18n.js';

await speak('en');

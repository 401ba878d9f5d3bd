/** Every word on the page is in the catalogue, every word of the catalogue is on the page. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { countdown, inWords, t } from '../src/i18n.js';
import english from '../src/messages/en.json' with { type: 'json' };

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => /\.tsx?$/.test(name))
  .map(name => readFileSync(`src/${name}`, 'utf8'))
  .join('\n');

/** `goodbye.${why}.title` in the source stands for every key of that shape. */
const shapes = [...source.matchAll(/`((?:[a-z_.]|\$\{[^{}]*\})+\.(?:[a-z_.]|\$\{[^{}]*\})+)`/g)].map(
  ([, shape = '']) => {
    const parts = shape.split(/\$\{[^}]*\}/).map(part => part.replaceAll('.', '\\.'));
    return new RegExp(`^${parts.join('[a-z_]+')}$`);
  },
);

test('no message is unused', () => {
  const unused = Object.keys(english).filter(
    key => !source.includes(`'${key}'`) && !shapes.some(shape => shape.test(key)),
  );
  expect(unused).toEqual([]);
});

test('a message that counts has the forms of its language', () => {
  for (const [key, message] of Object.entries(english))
    if (typeof message !== 'string') expect(Object.keys(message), key).toEqual(['one', 'other']);
});

test('values and plurals', () => {
  expect(t('name.you', { name: 'Robin' })).toBe('Robin (you)');
  expect(t('people.count', { n: 1 })).toBe('1 person');
  expect(t('people.count', { n: 2 })).toBe('2 people');
  expect(t('name.you', { name: '{name}' })).toBe('{name} (you)');
});

test.each([
  [125_000, '2:05'],
  [59_001, '1:00'],
  [1, '0:01'],
  [0, '0:00'],
  [-5000, '0:00'],
  [3_661_000, '1:01:01'],
])('%i ms are %s', (ms, text) => expect(countdown(ms)).toBe(text));

test.each([
  [180_000, '3 minutes'],
  [60_000, '1 minute'],
  [40_000, '45 seconds'],
  [48_000, '45 seconds'],
  [23_000, '30 seconds'],
  [22_000, '25 seconds'],
  [3_000, '5 seconds'],
])('%i ms are %s in words', (ms, text) => expect(inWords(ms)).toBe(text));

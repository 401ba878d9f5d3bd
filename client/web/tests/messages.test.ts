/** Every word on the page is in the catalogue, every word of the catalogue is on the page; and all languages say all. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { countdown, groupWords, inWords, LANGUAGES, type Language, speak, t } from '../src/i18n.js';

type Message = string | Readonly<Record<string, string>>;

const catalogueOf = (code: string): Record<string, Message> =>
  JSON.parse(readFileSync(`src/messages/${code}.json`, 'utf8'));

const english = catalogueOf('en');
const codes = Object.keys(LANGUAGES) as Language[];

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
  // `role.facilitator~chair` is said for `role.facilitator` where the group calls it so.
  const unused = [...new Set(Object.keys(english).map(key => key.replace(/~[a-z_]+$/, '')))].filter(
    key => !source.includes(`'${key}'`) && !shapes.some(shape => shape.test(key)),
  );
  expect(unused).toEqual([]);
});

test('a group’s own word has its sentence wherever one of its words has', async () => {
  const wordsOf = (key: string) => Object.keys(english).filter(it => it.startsWith(`${key}~`));
  for (const key of Object.keys(english).filter(it => !it.includes('~') && wordsOf(it).length > 0)) {
    const of = wordsOf(key).map(it => it.slice(key.length + 1));
    expect([['chair', 'host', 'convenor'], ['check_in']]).toContainEqual(of);
  }
  await speak('de');
  groupWords.value = ['chair', 'share'];
  expect(t('role.facilitator')).toBe('Vorsitz');
  expect(t('role.greeter')).toBe('Begrüßung');
  groupWords.value = [];
  expect(t('role.facilitator')).toBe('Leitung');
  await speak('en');
});

test('there is a catalogue for each language, and no other', () => {
  expect(readdirSync('src/messages').toSorted()).toEqual(codes.map(code => `${code}.json`).toSorted());
});

describe.each(codes)('%s', code => {
  const catalogue = catalogueOf(code);

  test('says all that is said in English, and nothing else', () => {
    expect(Object.keys(english).filter(key => !(key in catalogue))).toEqual([]);
    expect(Object.keys(catalogue).filter(key => !(key in english))).toEqual([]);
  });

  test('has the plural forms of its language', () => {
    // `many` of the Romance languages is for millions: nothing here is counted so far.
    const categories = new Intl.PluralRules(code).resolvedOptions().pluralCategories;
    const forms = categories.filter(form => code === 'ar' || form !== 'many').toSorted();
    for (const [key, message] of Object.entries(catalogue)) {
      expect(typeof message, key).toBe(typeof (english[key] ?? message));
      if (typeof message !== 'string') expect(Object.keys(message).toSorted(), key).toEqual(forms);
    }
  });

  test('names the same values', () => {
    for (const [key, message] of Object.entries(catalogue)) {
      const values = valuesOf(english[key] ?? '');
      if (typeof message === 'string') expect(valuesOf(message), key).toEqual(values);
      // "one minute" and the Arabic dual may do without their number.
      else expect(valuesOf(message.other ?? ''), key).toEqual(values);
    }
  });
});

const valuesOf = (message: Message): string[] => {
  const text = typeof message === 'string' ? message : (message.other ?? '');
  return [...new Set(text.match(/\{\w+\}/g))].toSorted();
};

test('values and plurals', () => {
  expect(t('name.you', { name: 'Robin' })).toBe('Robin (you)');
  expect(t('people.count', { n: 1 })).toBe('1 person');
  expect(t('people.count', { n: 2 })).toBe('2 people');
  expect(t('people.count', { n: 1200 })).toBe('1,200 people');
  expect(t('name.you', { name: '{name}' })).toBe('{name} (you)');
});

describe('in another language', () => {
  afterEach(() => speak('en'));

  test('the page says so, and how it reads', async () => {
    await speak('ar');
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['ar', 'rtl']);
    const forms = [0, 1, 2, 3, 11, 100].map(n => t('people.count', { n }));
    expect(new Set(forms).size).toBe(6);
    await speak('de');
    expect([document.documentElement.lang, document.documentElement.dir]).toEqual(['de', 'ltr']);
    expect(t('people.count', { n: 1200 })).toBe('1.200 Menschen');
  });
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

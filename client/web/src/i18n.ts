/** Every word on the page: `t()` with plural rules, and times and lengths as the reader's language writes them. */
import { batch, computed, signal } from '@preact/signals';
import type english from './messages/en.json';

export type Key = Extract<keyof typeof english, string>;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string };
type Catalogue = Readonly<Record<string, string | Forms>>;
export type Values = Readonly<Record<string, string | number>>;

/** The languages there are, each by its own name, so that everybody finds theirs. */
export const LANGUAGES = {
  en: 'English',
  es: 'Español',
  fr: 'Français',
  de: 'Deutsch',
  pt: 'Português',
  ar: 'العربية',
} as const;
export type Language = keyof typeof LANGUAGES;

const RIGHT_TO_LEFT: ReadonlySet<Language> = new Set(['ar']);

// Each is a file of its own, and only the one that is spoken is fetched.
const catalogues = import.meta.glob<Catalogue>('./messages/*.json', { import: 'default' });
const catalogue = signal<Catalogue>({});
/** The language of the page. */
export const language = signal<Language>('en');

/** What this group calls its things, where that is not what most do: a message `key~word` then stands for that of `key`. */
export const groupWords = signal<readonly string[]>([]);

// The countdown's digits are these, so all are: everybody who reads Arabic reads them too.
const numberingSystem = 'latn';

const formats = computed(() => {
  // 19:42 or 7:42 PM: as in the reader's own country, if the language is theirs.
  const region = navigator.languages.find(it => it.split('-')[0] === language.value) ?? language.value;
  return {
    plural: new Intl.PluralRules(language.value),
    number: new Intl.NumberFormat(region, { numberingSystem }),
    time: new Intl.DateTimeFormat(region, { timeStyle: 'short', numberingSystem }),
    day: new Intl.DateTimeFormat(region, { dateStyle: 'long', timeZone: 'UTC', numberingSystem }),
    countries: new Intl.DisplayNames(language.value, { type: 'region' }),
    date: new Intl.DateTimeFormat(region, { weekday: 'long', hour: 'numeric', minute: '2-digit', numberingSystem }),
  };
});

/** The language of that code, if the page speaks it. */
export const asLanguage = (code: string): Language | null =>
  Object.hasOwn(LANGUAGES, code) ? (code as Language) : null;

/** Speak that language from now on; what is shown already changes with it. Rejects if it cannot be fetched. */
export async function speak(chosen: Language): Promise<void> {
  const words = await catalogues[`./messages/${chosen}.json`]?.();
  if (!words) throw new Error(`expected a catalogue of ${chosen}`);
  batch(() => {
    catalogue.value = words;
    language.value = chosen;
  });
  document.documentElement.lang = chosen;
  document.documentElement.dir = RIGHT_TO_LEFT.has(chosen) ? 'rtl' : 'ltr';
}

/** The message of that key; `{name}` stands for a value, and `n` chooses the plural form. */
export function t(key: Key, values: Values = {}): string {
  const { plural, number } = formats.value;
  const message = inGroupWords(key) ?? catalogue.value[key] ?? key;
  const text = typeof message === 'string' ? message : (message[plural.select(Number(values.n))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (all, name: string) => {
    const value = values[name] ?? all;
    return typeof value === 'number' ? number.format(value) : value;
  });
}

function inGroupWords(key: Key): string | Forms | undefined {
  const word = groupWords.value.find(it => Object.hasOwn(catalogue.value, `${key}~${it}`));
  return word && catalogue.value[`${key}~${word}`];
}

/** Whether there is a message of that key, for keys that come from the server. */
export const isKey = (key: string): key is Key => Object.hasOwn(catalogue.value, key);

/** A moment in the reader's time zone, as `7:42 PM`; with its weekday where it is not within half a day of `now`. */
export function clock(at: number, now = at): string {
  const { time, date } = formats.value;
  return (Math.abs(at - now) < 12 * 3600_000 ? time : date).format(at);
}

/** A day that the wire writes as `2026-11-03`. */
export const dateOf = (day: string): string => formats.value.day.format(new Date(day));

/** The name of a country, by its code in ISO 3166-1. */
export const countryName = (code: string): string => formats.value.countries.of(code) ?? code;

/** The country that the browser's languages tell, if one does. */
export const countryOf = (): string | undefined =>
  navigator.languages.map(it => new Intl.Locale(it).region).find(it => it !== undefined);

/** A length as `2:05`, rounded up to whole seconds, so that it says 0:00 when the time is up and not before. */
export function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  const [first, ...others] = hours > 0 ? [hours, ...parts] : parts;
  return [first, ...others.map(part => String(part).padStart(2, '0'))].join(':');
}

/** A length in words: whole minutes, under a minute steps of 15 seconds, and of 5 at the very end, so that it reads calmly. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  if (seconds > 90) return t('length.minutes', { n: Math.round(seconds / 60) });
  if (seconds > 52) return t('length.minutes', { n: 1 });
  return t('length.seconds', { n: seconds > 22 ? Math.round(seconds / 15) * 15 : Math.ceil(seconds / 5) * 5 });
}

/** A share time as it is: whole minutes in words, any other as `1:30 min`. */
export const exactly = (seconds: number): string =>
  seconds % 60 === 0
    ? t('length.minutes', { n: seconds / 60 })
    : t('queue.minutes', { length: countdown(seconds * 1000) });

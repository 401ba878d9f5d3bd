/** Every word on the page: `t()` with plural rules, and times and lengths as the reader's language writes them. */
import english from './messages/en.json' with { type: 'json' };

export type Key = Extract<keyof typeof english, string>;
type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };
export type Values = Readonly<Record<string, string | number>>;

const LANGUAGE = 'en';
const catalogue: Readonly<Record<string, string | Forms>> = english;
const plural = new Intl.PluralRules(LANGUAGE);
const region = navigator.languages.find(it => it.split('-')[0] === LANGUAGE) ?? LANGUAGE; // 19:42 or 7:42 PM
const time = new Intl.DateTimeFormat(region, { timeStyle: 'short' });
const date = new Intl.DateTimeFormat(region, { weekday: 'long', hour: 'numeric', minute: '2-digit' });

/** The message of that key; `{name}` stands for a value, and `n` chooses the plural form. */
export function t(key: Key, values: Values = {}): string {
  const message = catalogue[key] ?? key;
  const text = typeof message === 'string' ? message : (message[plural.select(Number(values.n))] ?? message.other);
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** Whether there is a message of that key, for keys that come from the server. */
export const isKey = (key: string): key is Key => Object.hasOwn(english, key);

/** A moment in the reader's time zone, as `7:42 PM`; with its weekday where it is not within half a day of `now`. */
export function clock(at: number, now = at): string {
  return (Math.abs(at - now) < 12 * 3600_000 ? time : date).format(at);
}

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

/** What a line in the message box asks for: commands by the words that the terminal has, or something to say. Pure. */
import { type Key, t } from '../i18n.js';
import { mayWriteTo } from '../store/chat.js';
import type { Command } from '../store/messages.js';
import { fold } from '../store/people.js';
import { nextToCall } from '../store/queue.js';
import { greets, keepsTime, leads, serves } from '../store/roles.js';
import type { ChatMode, Message, Role, Room, Time } from '../store/room.js';

/** What one has in sight while one types. */
export interface Sight {
  readonly room: Room;
  /** The room when the line was begun: whom and what it means, whatever has happened since. */
  readonly aim: Room;
  readonly now: Time;
  readonly role: Role;
  readonly replyTo: Message | null;
}

export type Understood =
  | { readonly is: 'say'; readonly text: string }
  | { readonly is: 'ask'; readonly word: string; readonly command: Command }
  /** Say it, and keep it in sight. */
  | { readonly is: 'notice'; readonly text: string }
  | { readonly is: 'help' | 'leave' }
  /** Nothing is sent, and why. */
  | { readonly is: 'problem'; readonly text: string };

type Read = (sight: Sight, rest: string) => Command | null;

interface Word {
  /** What follows it, in the words of the help. */
  readonly usage: string;
  /** The same words as on the button that does it. */
  readonly effect: Key;
  readonly may: (role: Role) => boolean;
  readonly read: Read;
}

class WhoIsMeant extends Error {}

const anybody = () => true;
const MODES: readonly ChatMode[] = ['open', 'slow', 'service', 'closed'];
const UNITS = ['days', 'months', 'years'];
const GIVEN: readonly Role[] = ['cofacilitator', 'timekeeper', 'greeter', 'member'];

const w = (usage: string, effect: Key, may: (role: Role) => boolean, read: Read): Word => ({
  usage,
  effect,
  may,
  read,
});

/** The command `t` alone, or with what the rest of the line gives it. */
const alone =
  (t: string): Read =>
  (_, rest) =>
    rest ? null : { t };
const person =
  (t: string, more: object = {}): Read =>
  ({ room }, rest) => ({ t, ...more, who: whole(room.participants, rest) });
const text =
  (t: string, field: string, isNeeded = true): Read =>
  (_, rest) =>
    rest || !isNeeded ? { t, ...(rest && { [field]: rest }) } : null;
const length =
  (t: string, field: string, unit: number): Read =>
  (_, rest) => {
    const seconds = secondsIn(rest);
    return seconds === null ? null : { t, [field]: seconds / unit };
  };
const knocker =
  (t: string): Read =>
  ({ room }, rest) => ({ t, who: rest.toLowerCase() === 'all' ? 'all' : whole(room.lobby ?? [], rest) });
const pin =
  (t: string): Read =>
  ({ room, replyTo }, rest) => {
    const known = t === 'pin' ? room.chat.messages.findLast(it => it.to === 'everyone')?.id : room.chat.pinned.at(-1);
    const message = replyTo?.id ?? known;
    return rest || message === undefined ? null : { t, message };
  };

export const WORDS: Readonly<Record<string, Word>> = {
  hand: w('[topic]', 'hand.raise', anybody, text('raise_hand', 'topic', false)),
  lower: w('[name]', 'hand.lower', anybody, ({ room }, rest) =>
    rest ? { t: 'lower_hand', who: whole(room.participants, rest) } : { t: 'lower_hand' },
  ),
  begin: w('', 'floor.begin', anybody, alone('begin')),
  pass: w('', 'floor.pass', anybody, alone('pass')),
  done: w('', 'floor.done', anybody, alone('done')),
  pick: w('name', 'pick.choose', anybody, person('pick')),
  unsay: w('', 'chat.unsay', anybody, ({ room }, rest) => {
    const mine = room.chat.messages.findLast(it => it.by === room.you);
    return rest || !mine ? null : { t: 'unsay', message: mine.id };
  }),
  team: w('text', 'chat.service', anybody, (_, rest) => (rest ? { t: 'say', text: rest, to: 'service' } : null)),
  direct: w('name text', 'typed.direct', anybody, ({ room }, rest) => {
    const [who, said] = first(
      room.participants.filter(it => mayWriteTo(room, it.id)),
      rest,
    );
    return said ? { t: 'say', text: said, to: who } : null;
  }),
  milestone: w('number days|months|years', 'milestone.begin', anybody, (_, rest) => {
    const [count = '', typed = ''] = rest.split(/\s+/);
    const unit = UNITS.find(it => typed && it.startsWith(typed.toLowerCase().replace(/s$/, '')));
    return /^\d{1,6}$/.test(count) && unit ? { t: 'celebrate', count: Number(count), unit } : null;
  }),
  name: w('name', 'you.rename', anybody, text('rename', 'name')),
  helpme: w('[text]', 'help.send', anybody, text('ask_for_help', 'text', false)),
  report: w('name [text]', 'report.begin', anybody, ({ room }, rest) => {
    const [who, told] = first(room.participants, rest);
    return { t: 'report', who, ...(told && { text: told }) };
  }),
  next: w('', 'typed.next', keepsTime, ({ aim, now }, rest) => {
    const next = nextToCall(aim, now);
    return rest ? null : { t: 'call', ...(next && { who: next.id }), after: aim.floor?.share ?? null };
  }),
  call: w('name', 'typed.call', keepsTime, ({ room, aim }, rest) => ({
    t: 'call',
    who: whole(room.participants, rest),
    after: aim.floor?.share ?? null,
  })),
  putback: w('[name]', 'floor.put_back', keepsTime, ({ room, aim }, rest) => {
    const who = rest ? whole(room.participants, rest) : aim.floor?.who;
    return who === undefined ? null : { t: 'put_back', who };
  }),
  move: w('name place', 'typed.move', keepsTime, ({ room }, rest) => {
    const [, name = '', place = ''] = /^(.*)\s(\d{1,4})$/.exec(rest) ?? [];
    return Number(place) > 0 ? { t: 'move_hand', who: whole(room.participants, name), place: Number(place) - 1 } : null;
  }),
  'hand-for': w('name [topic]', 'person.raise_hand', serves, ({ room }, rest) => {
    const [who, topic] = first(room.participants, rest);
    return { t: 'raise_hand', who, ...(topic && { topic }) };
  }),
  add: w('length', 'typed.add', keepsTime, length('add_time', 'seconds', 1)),
  pause: w('', 'floor.stop_clock', keepsTime, alone('stop_clock')),
  resume: w('', 'floor.start_clock', keepsTime, alone('start_clock')),
  stop: w('', 'floor.stop_share', keepsTime, ({ aim }, rest) =>
    rest || !aim.floor ? null : { t: 'stop_share', share: aim.floor.share },
  ),
  sharetime: w('length', 'queue.share_time', keepsTime, length('set_share_time', 'seconds', 1)),
  openqueue: w('', 'queue.reopen', keepsTime, alone('open_queue')),
  closequeue: w('', 'queue.close', keepsTime, alone('close_queue')),
  start: w('', 'lead.start', leads, alone('start')),
  phase: w('next|back|number', 'typed.phase', leads, ({ aim, room }, rest) => {
    const from = aim.phase;
    if (rest.toLowerCase() === 'next') return { t: 'next_phase', from };
    const phase = rest.toLowerCase() === 'back' ? (from ?? 0) - 1 : /^\d{1,3}$/.test(rest) ? Number(rest) - 1 : -1;
    return room.agenda[phase] ? { t: 'go_to', phase, from } : null;
  }),
  extend: w('length', 'typed.extend', leads, length('add_minutes', 'minutes', 60)),
  assign: w('number name', 'agenda.assign', leads, ({ room }, rest) => {
    const [, number = '', name = ''] = /^(\d{1,3})\s+(.+)$/.exec(rest) ?? [];
    const phase = Number(number) - 1;
    return room.agenda[phase] ? { t: 'assign', phase, who: whole(room.participants, name) } : null;
  }),
  end: w('', 'lead.end', leads, ({ aim }, rest) => (rest ? null : { t: 'end', from: aim.state })),
  quiet: w('', 'quiet.begin', serves, alone('quiet')),
  unquiet: w('', 'quiet.end', serves, alone('unquiet')),
  lock: w('', 'door.lock', serves, alone('lock')),
  unlock: w('', 'typed.unlock', serves, alone('unlock')),
  admit: w('name|all', 'door.admit', greets, knocker('admit')),
  deny: w('name|all', 'door.deny', greets, knocker('deny')),
  mute: w('name', 'person.mute', greets, person('mute')),
  unmute: w('name', 'person.unmute', greets, person('unmute')),
  remove: w('name', 'typed.remove', greets, person('remove', { block: true })),
  'remove-only': w('name', 'person.remove', greets, person('remove', { block: false })),
  unblock: w('name', 'blocked.unblock', leads, ({ room }, rest) => ({
    t: 'unblock',
    who: whole(room.blocked ?? [], rest),
  })),
  seen: w('name', 'requests.handled', serves, ({ room }, rest) => {
    const who = whole(askers(room), rest);
    return { t: 'see_to', requests: room.requests.filter(it => it.by === who || it.who === who).map(({ id }) => id) };
  }),
  chat: w('open|slow [seconds]|service|closed', 'mode.label', greets, (_, rest) => {
    const [typed, every] = rest.toLowerCase().split(/\s+/);
    const mode = MODES.find(it => it === typed);
    const isFine = every === undefined || (mode === 'slow' && /^\d{1,4}$/.test(every));
    return mode && isFine ? { t: 'chat', mode, ...(every && { every: Number(every) }) } : null;
  }),
  pin: w('', 'chat.pin', greets, pin('pin')),
  unpin: w('', 'chat.unpin', greets, pin('unpin')),
  'add-person': w('name', 'add_person.title', role => keepsTime(role) || greets(role), text('add_person', 'name')),
  role: w('name role', 'person.role', leads, ({ room }, rest) => {
    const [, name = '', typed = ''] = /^(.*)\s(\S+)$/.exec(rest) ?? [];
    const role = GIVEN.find(it => it === typed.toLowerCase());
    return role ? { t: 'role', who: whole(room.participants, name), role } : null;
  }),
  handover: w('name', 'person.hand_over', role => role === 'facilitator', person('hand_over')),
  // These three are seen to by the page.
  notice: w('text', 'notice.title', greets, () => null),
  help: w('', 'typed.help', anybody, () => null),
  leave: w('', 'you.leave', anybody, () => null),
};

/** What the line asks for. */
export function understand(line: string, sight: Sight): Understood {
  const typed = line.trim();
  if (typed === '!' || typed.startsWith('! ')) return ask('hand', typed.slice(1).trim(), sight);
  const hasFloor = sight.room.floor?.who === sight.room.you && sight.room.floor.state !== 'called';
  if (typed.toLowerCase() === 'done' && hasFloor) return ask('done', '', sight);
  if (!typed.startsWith('/')) return { is: 'say', text: typed };
  if (typed.startsWith('//')) return { is: 'say', text: typed.slice(1) };
  const [, head = '', rest = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(typed) ?? [];
  return ask(head.toLowerCase(), rest, sight);
}

function ask(word: string, rest: string, sight: Sight): Understood {
  const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (!known?.may(sight.role)) return { is: 'problem', text: t('typed.unknown', { word: `/${word}` }) };
  if (word === 'help' || word === 'leave') return { is: word };
  if (word === 'notice' && rest) return { is: 'notice', text: rest };
  try {
    const command = known.read(sight, rest);
    if (command) return { is: 'ask', word: `/${word}`, command };
    return { is: 'problem', text: t('typed.needs', { word: `/${word} ${known.usage}`.trim() }) };
  } catch (error) {
    if (error instanceof WhoIsMeant) return { is: 'problem', text: t('typed.who', { name: error.message }) };
    throw error;
  }
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** Those who have asked for help or reported something, and whom they reported. */
function askers({ names, requests }: Room): readonly Named[] {
  const ids = new Set(requests.flatMap(({ by, who }) => (who === undefined ? [by] : [by, who])));
  const known = Object.fromEntries(requests.map(({ by, name }) => [by, name]));
  return [...ids].map(id => ({ id, name: names[id] ?? known[id] ?? '' }));
}

/** Whom a name, or the beginning of one, means; it must be one person alone. */
function whole(people: readonly Named[], typed: string): string {
  const named = fold(typed);
  const exact = people.filter(it => fold(it.name) === named);
  const meant = exact.length > 0 ? exact : people.filter(it => named !== '' && fold(it.name).startsWith(named));
  const [only] = meant;
  if (!only || meant.length > 1) throw new WhoIsMeant(typed);
  return only.id;
}

/** Whom the line's first words mean, and what follows: the longest name that it begins with, else one word of it. */
function first(people: readonly Named[], typed: string): [who: string, rest: string] {
  const line = fold(typed);
  const begun = people.filter(it => `${line} `.startsWith(`${fold(it.name)} `));
  const longest = Math.max(0, ...begun.map(it => it.name.length));
  const [head = ''] = typed.split(/\s/);
  const end = longest || head.length;
  return [whole(people, typed.slice(0, end)), typed.slice(end).trim()];
}

/** `2` is two minutes; `1:30`, `90s` and `-1` will do, too. */
function secondsIn(typed: string): number | null {
  const [, sign, minutes = '', seconds, unit] = /^([-−+]?)(\d{1,4})(?::(\d{2}))?(s?)$/.exec(typed.trim()) ?? [];
  if (minutes === '') return null;
  const length = unit ? Number(minutes) : Number(minutes) * 60 + Number(seconds ?? 0);
  return sign === '-' || sign === '−' ? -length : length;
}

export interface Completion {
  /** What the box holds once it is chosen. */
  readonly line: string;
  readonly name: string;
  readonly effect: string;
}

const MOST = 8;

/** How a line that is a command may go on: the words that one may use, and then the names that it may mean. */
export function completions(line: string, { room, role }: Sight): readonly Completion[] {
  const [, head = '', space, rest = ''] = /^\/([\w-]*)(\s+)?(.*)$/.exec(line) ?? [];
  if (!line.startsWith('/') || line.startsWith('//') || line.includes('\n')) return [];
  if (space === undefined)
    return Object.entries(WORDS)
      .filter(([word, { may }]) => word.startsWith(head.toLowerCase()) && may(role) && word !== head)
      .map(([word, { usage, effect }]) => ({
        line: usage ? `/${word} ` : `/${word}`,
        name: `/${word}`,
        effect: t(effect),
      }))
      .slice(0, head ? MOST : undefined);
  const { usage, effect } = WORDS[head] ?? { usage: '', effect: 'typed.help' as const };
  if (!/^\[?name/.test(usage) || head === 'name' || head === 'add-person') return [];
  const people: readonly Named[] =
    head === 'admit' || head === 'deny'
      ? (room.lobby ?? [])
      : head === 'unblock'
        ? (room.blocked ?? [])
        : head === 'seen'
          ? askers(room)
          : room.participants;
  return people
    .filter(it => fold(it.name).startsWith(fold(rest)) && fold(it.name) !== fold(rest))
    .slice(0, MOST)
    .map(({ name }) => ({ line: `/${head} ${name} `, name, effect: t(effect) }));
}

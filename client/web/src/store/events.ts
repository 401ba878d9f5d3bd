/** The events of docs/protocol.md, as they travel. Fields that are absent on the wire are optional here. */
import type { Celebration, ChatMode, Reactions, Role, Time } from './room.js';

interface Numbered {
  readonly seq: number;
  readonly tag: string;
  readonly at: Time;
  readonly by?: string;
}

interface Who {
  readonly who: string;
}

/** What was said, for those who came after it. */
export interface Quote {
  readonly text: string;
  readonly at: Time;
  readonly by?: string;
  readonly reply_to?: string;
  readonly name?: string;
  readonly reactions?: Reactions;
}

/** Every event's fields, by its type. */
export interface Fields {
  knocked: Who & { readonly name: string };
  denied: Who;
  joined: Who & { readonly name: string; readonly role: Role; readonly device: boolean };
  away: Who;
  returned: Who;
  left: Who & { readonly why: 'left' | 'gone' };
  renamed: Who & { readonly name: string };
  role_changed: Who & { readonly role: Role; readonly why: string; readonly name?: string };
  started: { readonly ends_at: Time };
  fellowship: { readonly ends_at: Time };
  ended: object;
  phase_began: { readonly phase: number; readonly ends_at?: Time };
  phase_due: { readonly phase: number };
  phase_extended: { readonly phase: number; readonly ends_at: Time };
  assigned: Who & { readonly phase: number; readonly name?: string };
  hand_raised: Who & { readonly place: number; readonly topic?: string };
  hand_lowered: Who & { readonly why: 'lowered' | 'passed' | 'no_answer' | 'left' | 'muted' | 'phase' };
  hand_moved: Who & { readonly place: number };
  circle_formed: { readonly order: readonly string[] };
  called: Who & {
    readonly share: string;
    readonly answer_by: Time;
    readonly name?: string;
    readonly shares?: number;
    readonly device?: boolean;
  };
  began: Who & { readonly share: string; readonly ends_at: Time };
  warned: { readonly share: string; readonly left: number };
  time_up: { readonly share: string; readonly grace_until?: Time };
  clock_changed: { readonly share: string; readonly ends_at?: Time; readonly left?: number };
  share_ended: Who & { readonly share: string; readonly why: string; readonly spoke: number };
  queue_closed: { readonly why: 'closed' | 'no_time' | 'phase' };
  queue_opened: object;
  share_time_changed: { readonly seconds: number };
  shared: { readonly share: string; readonly text: string; readonly n: number; readonly name?: string };
  said: {
    readonly message: string;
    readonly text: string;
    readonly to: string;
    readonly reply_to?: string;
    readonly name?: string;
  };
  unsaid: { readonly message: string };
  reacted: { readonly to: string; readonly emoji: string; readonly on: boolean };
  pinned: { readonly message: string; readonly said?: Quote };
  unpinned: { readonly message: string };
  chat_changed: { readonly mode: ChatMode; readonly every?: number };
  celebrated: { readonly count: number; readonly unit: Celebration['unit']; readonly name?: string };
  muted: Who;
  unmuted: Who;
  removed: Who & { readonly block?: boolean };
  unblocked: Who;
  locked: object;
  unlocked: object;
  quieted: { readonly left?: number };
  unquieted: {
    readonly locked?: boolean;
    readonly queue_open?: boolean;
    readonly mode?: ChatMode;
    readonly every?: number;
    readonly ends_at?: Time;
    readonly answer_by?: Time;
  };
  help_asked: { readonly request?: string; readonly text?: string };
  reported: { readonly request?: string; readonly who?: string; readonly message?: string; readonly text?: string };
  seen_to: { readonly requests: readonly string[] };
}

export type EventType = keyof Fields;
export type Event<T extends EventType = EventType> = { [K in T]: Numbered & { readonly t: K } & Fields[K] }[T];

/** How each event of one subject changes the room. */
export type Evolutions<T extends EventType, R> = { readonly [K in T]: (room: R, event: Event<K>) => R };

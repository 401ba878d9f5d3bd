/** All that is needed to draw: the room and where the person stands, as signals. */
import { batch, computed, type ReadonlySignal, signal } from '@preact/signals';
import { apply, isKnown } from './apply.js';
import type { Event } from './events.js';
import type { LineState, Refused, ServerMessage, Waiting } from './messages.js';
import { partsOf } from './parts.js';
import { fromSnapshot, myself, type Participant, type Role, type Room, type Time } from './room.js';

/** Somebody who said that they type, and then nothing, is believed for so long (ms). */
const TYPING_LASTS = 6000;

export type Goodbye = 'left' | 'ended' | 'removed' | 'elsewhere' | 'misunderstood';

/** Which page is shown. */
export type Page =
  | { readonly at: 'join' | 'coming' | 'room' }
  | { readonly at: 'waiting'; readonly waiting: Waiting }
  | { readonly at: 'refused'; readonly refusal: Refused; readonly retryAt: Time | null }
  | { readonly at: 'goodbye'; readonly why: Goodbye };

/** Something has happened: what was before, and what is now. */
export type Watcher = (before: Room, event: Event, after: Room) => void;

// What a person can mend in the form they came by.
const MENDED_BY_JOINING = new Set(['bad_name', 'bad_passcode', 'bad_key']);

export class Store {
  readonly page = signal<Page>({ at: 'join' });
  /** The room as it is drawn: where much happens, a moment behind what was heard. */
  readonly room = signal<Room | null>(null);
  /** The same, each part of it a signal of its own: who reads one is drawn anew when that one changes. */
  readonly parts = partsOf(this.room);
  readonly line = signal<LineState>({ is: 'idle' });
  /** What the `hello` was refused for, to be said in the form. */
  readonly refusal = signal<Refused | null>(null);
  /** Until when (room's clock) each is believed to type. */
  readonly typing = signal<Readonly<Record<string, Time>>>({});
  /** One's own reactions: `to` and `emoji`, joined by a space. */
  readonly reacted = signal<ReadonlySet<string>>(new Set());
  /** Something that had been acknowledged could not be kept, and the person has not said yet that they know. */
  readonly isLost = signal(false);
  /** The room's clock less this device's, in ms. */
  readonly offset = signal(0);
  /** The room's clock as of the last `tick`. */
  readonly now: ReadonlySignal<Time>;
  readonly me: ReadonlySignal<Participant | null>;
  readonly role: ReadonlySignal<Role>;

  readonly #local: ReturnType<typeof signal<Time>>;
  readonly #watchers = new Set<Watcher>();
  readonly #later: (publish: () => void) => void;
  /** The room as it was last heard of. */
  #latest: Room | null = null;

  /** `later` says when to draw what has happened. */
  constructor(now: Time = Date.now(), later: (publish: () => void) => void = publish => publish()) {
    this.#later = later;
    this.#local = signal(now);
    this.now = computed(() => (this.#local.value ?? 0) + this.offset.value);
    this.me = computed(() => (this.room.value && myself(this.room.value)) ?? null);
    this.role = computed(() => this.me.value?.role ?? 'member');
  }

  /** Move the clock on: `local` is this device's time. */
  tick(local: Time): void {
    this.#local.value = local;
  }

  /** Hear of every event from now on. Returns how to stop. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Take in what the server said, in order. `offset` is what is now known of its clock. */
  receive(messages: readonly ServerMessage[], offset: number): void {
    batch(() => {
      this.offset.value = offset;
      for (const message of messages) {
        this.#heardAt(message);
        this.#take(message);
      }
    });
    if (this.#latest !== this.room.peek()) this.#later(() => this.publish());
  }

  /** Draw now what has happened: what was asked for is to be seen before it is said to be done. */
  publish(): void {
    this.room.value = this.#latest;
  }

  /** The line's state has changed. */
  lineIs(state: LineState): void {
    batch(() => {
      if (state.is === 'down' && this.line.value.is !== 'down') this.refusal.value = null;
      this.line.value = state;
      if (state.is === 'down' && !this.#latest && this.page.value.at !== 'waiting') this.page.value = { at: 'coming' };
      if (state.is === 'closed') this.#closed(state.code);
    });
  }

  /** A reaction of one's own has been carried out. */
  hasReacted(to: string, emoji: string, on: boolean): void {
    const reacted = new Set(this.reacted.value);
    if (on) reacted.add(`${to} ${emoji}`);
    else reacted.delete(`${to} ${emoji}`);
    this.reacted.value = reacted;
  }

  /**
   * It is at least as late as what was heard of, if that sets a clock: else a share that began since the last tick had
   * more than its time.
   */
  #heardAt(message: ServerMessage): void {
    if (!('now' in message || 'ends_at' in message || 'answer_by' in message)) return;
    const at = 'now' in message ? message.now : 'at' in message ? message.at : 0;
    this.#local.value = Math.max(this.#local.peek() ?? 0, at - this.offset.peek());
  }

  #take(message: ServerMessage): void {
    if ('lost' in message && message.lost) this.isLost.value = true;
    if (message.t === 'welcome') {
      if (message.room) this.#latest = fromSnapshot(message.room, message.you, this.#latest);
      this.publish();
      this.page.value = { at: 'room' };
      this.refusal.value = null;
    } else if (message.t === 'snapshot') {
      const before = this.#latest;
      if (before) this.#latest = fromSnapshot(message.room, before.you, before);
    } else if (message.t === 'waiting') {
      this.page.value = { at: 'waiting', waiting: message };
    } else if (message.t === 'refused') {
      this.refusal.value = message;
    } else if (message.t === 'typing') {
      this.#isTyping(message.who, message.on);
    } else if (message.t !== 'ack' && isKnown(message)) {
      this.#happened(message);
    }
  }

  #happened(event: Event): void {
    const before = this.#latest;
    if (!before) return;
    const after = apply(before, event);
    this.#latest = after;
    if ((event.t === 'said' || event.t === 'shared') && event.by !== undefined) this.#isTyping(event.by, false);
    for (const watcher of this.#watchers) watcher(before, event, after);
  }

  #isTyping(who: string, on: boolean): void {
    const now = this.now.peek();
    const others = Object.entries(this.typing.value).filter(([id, until]) => id !== who && until > now);
    this.typing.value = Object.fromEntries(on ? [...others, [who, now + TYPING_LASTS]] : others);
  }

  #closed(code: number): void {
    const room = this.#latest;
    const refusal = this.refusal.value;
    if (code === 4001 && refusal && MENDED_BY_JOINING.has(refusal.code)) {
      this.page.value = { at: 'join' };
    } else if (refusal && (!room || code === 4001 || code === 4004)) {
      const retryAt = refusal.retry_after === undefined ? null : this.now.peek() + refusal.retry_after * 1000;
      this.page.value = { at: 'refused', refusal, retryAt };
    } else {
      this.page.value = { at: 'goodbye', why: goodbye(code, room, refusal) };
    }
    this.#latest = null; // nothing of a meeting stays when it is left
    this.publish();
    this.isLost.value = false;
    this.reacted.value = new Set();
    this.typing.value = {};
  }
}

function goodbye(code: number, room: Room | null, refusal: Refused | null): Goodbye {
  if (code === 4003) return 'removed';
  if (code === 4009) return 'elsewhere';
  if (code === 1000) return room?.state === 'ended' || refusal?.code === 'ended' ? 'ended' : 'left';
  return 'misunderstood';
}

/** What the server says to one client beside the events: docs/protocol.md, Connecting and Commands. */
import type { Event } from './events.js';
import type { Role, Snapshot, Time } from './room.js';

export interface Position {
  readonly epoch: string;
  readonly seq: number;
  readonly tag: string;
}

export interface Welcome extends Position {
  readonly t: 'welcome';
  readonly you: string;
  readonly seat: string;
  readonly role: Role;
  readonly now: Time;
  readonly last: number;
  readonly resumed: boolean;
  readonly room?: Snapshot;
  /** Something that this client had been shown, and that was acknowledged, could not be kept. */
  readonly lost?: boolean;
}

export interface Waiting {
  readonly t: 'waiting';
  readonly reason: 'doors' | 'admission';
  readonly now: Time;
  readonly place?: number;
  readonly opens_at?: Time;
  readonly meeting: { readonly slug: string; readonly name: string };
}

/** Of a command where it has an `id`, else of the `hello`. */
export interface Refused {
  readonly t: 'refused';
  readonly code: string;
  readonly message: string;
  readonly id?: number;
  readonly retry_after?: number;
}

export type ServerMessage =
  | Event
  | Welcome
  | Waiting
  | Refused
  | { readonly t: 'pong'; readonly now: Time }
  | { readonly t: 'ack'; readonly id: number; readonly seq: number }
  | (Position & { readonly t: 'snapshot'; readonly now: Time; readonly room: Snapshot; readonly lost?: boolean })
  | { readonly t: 'typing'; readonly who: string; readonly on: boolean };

/** What was answered to a command. `message` is the server's sentence; without one the code must do. */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message?: string };

/** A command without its `id`, which the outbox gives it. */
export type Command = { readonly t: string } & Readonly<Record<string, unknown>>;

/**
 * How the line is: `down` while it is being mended; `closed` for good, with the close code of docs/protocol.md.
 */
export type LineState =
  | { readonly is: 'idle' | 'up' }
  | { readonly is: 'down'; readonly since: number }
  | { readonly is: 'closed'; readonly code: number };

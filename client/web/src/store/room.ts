/** What the page knows of a room: the snapshot of docs/protocol.md, and what only this page remembers besides. */

/** Milliseconds since the epoch, on the room's clock. */
export type Time = number;

export type Role = 'facilitator' | 'cofacilitator' | 'timekeeper' | 'greeter' | 'member';
export type ChatMode = 'open' | 'slow' | 'service' | 'closed';
export type PhaseKind = 'reading' | 'speaker' | 'round' | 'silence' | 'open';
export type Reactions = Readonly<Record<string, number>>;

export interface Phase {
  readonly kind: PhaseKind;
  readonly title: string;
  readonly text: string;
  readonly credit: string;
  /** Null in a phase without an end of its own. */
  readonly seconds: number | null;
  readonly share_seconds: number;
  readonly warn_seconds: number;
  readonly grace_seconds: number;
  readonly reserve_seconds: number;
  readonly order: 'hands' | 'fifo' | 'circle' | 'pick';
  readonly reader?: string;
}

export interface Participant {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly presence: 'here' | 'away';
  /** How often they have shared in this occurrence. */
  readonly shares: number;
  readonly muted?: boolean;
  /** False for a person on the phone or in the hall, for whom the service team speaks. */
  readonly device?: boolean;
}

/** The share that has the floor: `ends_at` while its clock runs, `left` (ms) while it is stopped. */
export interface Floor {
  readonly who: string;
  readonly share: string;
  readonly state: 'called' | 'sharing' | 'time_up';
  readonly warned: boolean;
  readonly paragraphs: readonly string[];
  readonly reactions: Reactions;
  readonly answer_by?: Time;
  readonly began_at?: Time;
  readonly ends_at?: Time;
  readonly left?: number;
}

export interface Hand {
  readonly who: string;
  readonly topic: string | null;
  readonly at: Time;
}

export interface Message {
  readonly id: string;
  /** Null where the room itself said it. */
  readonly by: string | null;
  readonly text: string;
  /** `everyone`, `service`, or a participant's id. */
  readonly to: string;
  readonly at: Time;
  readonly reactions: Reactions;
  readonly reply_to?: string;
  /** Of an author whom this participant does not see among the participants. */
  readonly name?: string;
}

export interface Celebration {
  readonly by: string;
  readonly count: number;
  readonly unit: 'days' | 'months' | 'years';
  readonly at: Time;
  readonly name?: string;
}

export interface Knock {
  readonly id: string;
  readonly name: string;
  readonly at: Time;
}

/** `room` in a `welcome` or a `snapshot`. */
export interface Snapshot {
  readonly id: string;
  readonly meeting: { readonly slug: string; readonly name: string; readonly timezone: string };
  readonly state: 'doors' | 'running' | 'fellowship' | 'ended';
  readonly doors_at: Time;
  readonly starts_at: Time;
  readonly ends_at: Time;
  readonly phase: number | null;
  readonly phase_ends_at: Time | null;
  readonly agenda: readonly Phase[];
  readonly participants: readonly Participant[];
  readonly floor: Floor | null;
  /** `fits` and `expected_at` of the wire are left out: `queue.ts` works them out for every moment. */
  readonly queue: { readonly open: boolean; readonly share_seconds: number; readonly hands: readonly Hand[] };
  readonly chat: {
    readonly mode: ChatMode;
    readonly every: number;
    readonly messages: readonly Message[];
    readonly pinned: readonly string[];
  };
  readonly locked: boolean;
  readonly quiet: boolean;
  readonly emoji: readonly string[];
  readonly celebrations: readonly Celebration[];
  readonly rules: {
    readonly crosstalk: 'off' | 'reactions' | 'chat';
    readonly direct_messages: 'off' | 'service' | 'everyone';
    readonly history: 'from_join' | 'all';
    readonly roster: 'everyone' | 'service';
    /** What the group calls its things, by what they are called here: `{ share: 'check_in' }`. */
    readonly words?: Readonly<Record<string, string>>;
  };
  /** The service team's: all that nobody has seen to yet; anybody else's: their own. */
  readonly requests?: readonly Request[];
  /** These two for the service team only. */
  readonly lobby?: readonly Knock[];
  readonly blocked?: readonly { readonly id: string; readonly name: string }[];
}

/** A call for help, or a report, that nobody has seen to yet. */
export interface Request {
  readonly id: string;
  readonly kind: 'help' | 'report';
  readonly by: string;
  /** Of who asked, whose line may be gone. */
  readonly name: string;
  readonly at: Time;
  readonly text?: string;
  readonly who?: string;
  readonly message?: string;
}

export interface Room extends Snapshot {
  readonly you: string;
  /** Names of all who were ever heard of, so that what they said stays theirs when they have gone. */
  readonly names: Readonly<Record<string, string>>;
  /** Those whose seat may still come back, as they were. */
  readonly gone: readonly Participant[];
  /** The share that ended last, so that nobody's reading is cut off with it. */
  readonly past: Floor | null;
  readonly requests: readonly Request[];
}

/** Most messages kept. */
export const MESSAGES_KEPT = 500;
/** Most calls for help and reports that are open: of one person and kind, and of all; as the server keeps them. */
export const REQUESTS_EACH = 3;
export const REQUESTS_KEPT = 100;
/** Most of anything else that only this page remembers. */
export const MOST_REMEMBERED = 1000;

/** The room of a snapshot; what only this page remembers is carried over from `before`. */
export function fromSnapshot(snapshot: Snapshot, you: string, before: Room | null): Room {
  const known = before?.id === snapshot.id ? before : null;
  return {
    ...snapshot,
    you,
    names: remember(known?.names ?? {}, snapshot.participants),
    gone: known?.gone ?? [],
    past: known?.past ?? null,
    requests: snapshot.requests ?? [],
  };
}

/** `names` with those of `people`; where that gets too many, the oldest are forgotten. */
export function remember(
  names: Readonly<Record<string, string>>,
  people: readonly { id: string; name: string }[],
): Readonly<Record<string, string>> {
  const known = { ...names };
  for (const { id, name } of people) known[id] = name;
  const ids = Object.keys(known);
  for (const id of ids.slice(0, Math.max(0, ids.length - 5 * MOST_REMEMBERED))) delete known[id];
  return known;
}

export const find = (room: Room, who: string): Participant | undefined => room.participants.find(p => p.id === who);

export const myself = (room: Room): Participant | undefined => find(room, room.you);

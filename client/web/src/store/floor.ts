/** The floor: raised hands, one share at a time, and its clock. */
import type { Evolutions } from './events.js';
import { change, letGoOf, makeKnown } from './people.js';
import type { Floor, Hand, Room, Time } from './room.js';

type Subject =
  | 'hand_raised'
  | 'hand_lowered'
  | 'hand_moved'
  | 'circle_formed'
  | 'called'
  | 'began'
  | 'warned'
  | 'time_up'
  | 'clock_changed'
  | 'share_ended'
  | 'queue_closed'
  | 'queue_opened'
  | 'share_time_changed'
  | 'shared';

export const floor: Evolutions<Subject, Room> = {
  hand_raised: (room, { who, place, topic, at }) =>
    withHands(room, insert(without(room, who), place, hand(who, at, topic))),
  hand_lowered: (room, { who }) => withHands(room, without(room, who)),
  hand_moved(room, { who, place }) {
    const moved = room.queue.hands.find(it => it.who === who);
    return moved ? withHands(room, insert(without(room, who), place, moved)) : room;
  },
  circle_formed: (room, { order, at }) =>
    withHands(
      room,
      order.map(who => hand(who, at)),
    ),
  called(room, { who, share, answer_by, name, shares, device }) {
    const called: Floor = { who, share, state: 'called', warned: false, paragraphs: [], reactions: {}, answer_by };
    const known = name === undefined ? room : makeKnown(room, who, name, shares, device);
    return { ...withHands(known, without(room, who)), floor: called };
  },
  began: (room, { share, at, ends_at }) =>
    onFloor(room, share, ({ answer_by: _, ...it }) => ({ ...it, state: 'sharing', began_at: at, ends_at })),
  warned: (room, { share }) => onFloor(room, share, it => ({ ...it, warned: true })),
  time_up: (room, { share }) => onFloor(room, share, it => ({ ...it, state: 'time_up' })),
  clock_changed(room, { share, at, ends_at, left }) {
    const remaining = ends_at === undefined ? (left ?? 0) : ends_at - at;
    const warnAt = (room.phase === null ? 0 : (room.agenda[room.phase]?.warn_seconds ?? 0)) * 1000;
    return onFloor(room, share, it => ({
      ...setClock(it, ends_at, left ?? 0),
      state: remaining > 0 ? 'sharing' : it.state,
      warned: it.warned && !(remaining > warnAt),
    }));
  },
  share_ended(room, { who, share, why }) {
    const ended = room.floor;
    if (ended?.share !== share) return room;
    const hasShared = ended.began_at !== undefined && why !== 'put_back';
    const counted = hasShared ? change(room, who, p => ({ ...p, shares: p.shares + 1 })) : room;
    return letGoOf({ ...counted, floor: null, past: ended.paragraphs.length > 0 ? ended : room.past }, who);
  },
  queue_closed: room => ({ ...room, queue: { ...room.queue, open: false } }),
  queue_opened: room => ({ ...room, queue: { ...room.queue, open: true } }),
  share_time_changed: (room, { seconds }) => ({ ...room, queue: { ...room.queue, share_seconds: seconds } }),
  shared: (room, { share, text }) => onFloor(room, share, it => ({ ...it, paragraphs: [...it.paragraphs, text] })),
};

/** The share with its clock running until `endsAt`, or else standing still with `left` ms. */
export function setClock({ ends_at: _, left: __, ...share }: Floor, endsAt: Time | undefined, left: number): Floor {
  return endsAt === undefined ? { ...share, left } : { ...share, ends_at: endsAt };
}

/** Time left of the share, in ms; negative once the time is up; null where it has not begun. */
export function timeLeft(share: Floor, now: Time): number | null {
  if (share.left !== undefined) return share.left;
  return share.ends_at === undefined ? null : share.ends_at - now;
}

/**
 * Where the clock of a share is: well in time; less than the phase's warning left; less than 15 s left; up; half a
 * minute over; a minute over.
 */
export type Step = 'well' | 'minute' | 'soon' | 'up' | 'over' | 'far';

const SOON = 15_000; // ms
const OVER = 30_000;
/** Others hear of it a little later than whoever shares, who is to find the end without being looked at. */
const LATER = 3_000;

/** The step that the clock of `share` shows to this participant. */
export function stepOf(room: Room, share: Floor, now: Time): Step {
  const left = (timeLeft(share, now) ?? 0) + (share.who === room.you ? 0 : LATER);
  if (left <= -2 * OVER) return 'far';
  if (left <= -OVER) return 'over';
  if (left <= 0) return 'up';
  const length = lengthOf(room, share);
  if (left <= SOON && length > 2 * SOON) return 'soon';
  const warn = (room.phase === null ? 0 : (room.agenda[room.phase]?.warn_seconds ?? 0)) * 1000;
  return left <= warn && length > warn ? 'minute' : 'well';
}

/** How long the share is as a whole, in ms; while its clock stands still, as long as shares are here. */
export const lengthOf = (room: Room, { began_at, ends_at }: Floor): number =>
  began_at !== undefined && ends_at !== undefined ? ends_at - began_at : room.queue.share_seconds * 1000;

function onFloor(room: Room, share: string, how: (share: Floor) => Floor): Room {
  return room.floor?.share === share ? { ...room, floor: how(room.floor) } : room;
}

function withHands(room: Room, hands: readonly Hand[]): Room {
  return { ...room, queue: { ...room.queue, hands } };
}

const hand = (who: string, at: Time, topic?: string): Hand => ({ who, topic: topic ?? null, at });
const without = (room: Room, who: string): readonly Hand[] => room.queue.hands.filter(it => it.who !== who);
const insert = (hands: readonly Hand[], place: number, it: Hand): readonly Hand[] => hands.toSpliced(place, 0, it);

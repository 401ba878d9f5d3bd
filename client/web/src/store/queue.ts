/** What the queue promises: who is next, how many more shares fit, and about when it is whose turn. */
import { currentPhase } from './agenda.js';
import { find, type Participant, type Room, type Time } from './room.js';

/** When the next share can begin at the earliest if everybody takes their time. */
function nextStart(room: Room, now: Time): Time {
  const share = room.floor;
  if (!share || share.state === 'time_up') return now;
  if (share.state === 'called') return now + room.queue.share_seconds * 1000;
  if (share.left !== undefined) return now + Math.max(0, share.left);
  return Math.max(now, share.ends_at ?? now);
}

/** How many more shares end before the phase does, grace not counted; null in a phase without an end. */
export function fits(room: Room, now: Time): number | null {
  if (room.phase_ends_at === null) return null;
  return Math.max(0, Math.floor((room.phase_ends_at - nextStart(room, now)) / (room.queue.share_seconds * 1000)));
}

/** The share times that can be chosen, in seconds. */
export const SHARE_TIMES = [60, 90, 120, 180, 240, 300, 420, 600, 900];

/** The longest share time with which all who wait come to their turn, in seconds; null if that is no change, or none. */
export function timeForAll(room: Room, now: Time): number | null {
  const roomFor = fits(room, now);
  const waiting = room.queue.hands.length;
  if (roomFor === null || waiting <= roomFor || room.phase_ends_at === null) return null;
  const each = (room.phase_ends_at - nextStart(room, now)) / waiting / 1000;
  return SHARE_TIMES.findLast(seconds => seconds <= each && seconds < room.queue.share_seconds) ?? null;
}

/** About when it is the turn of the hand at `place`; null if there is no time for it before the phase ends. */
export function expectedAt(room: Room, place: number, now: Time): Time | null {
  const roomFor = fits(room, now);
  if (roomFor !== null && place >= roomFor) return null;
  return nextStart(room, now) + place * room.queue.share_seconds * 1000;
}

/** Whether there is no time for the hand at `place` before the phase ends. */
export const isInVain = (room: Room, place: number, now: Time): boolean =>
  room.phase_ends_at !== null && expectedAt(room, place, now) === null;

/** The place in the queue, 0 being next; -1 without a raised hand. */
export const placeOf = (room: Room, who: string): number => room.queue.hands.findIndex(hand => hand.who === who);

/** Who would be called next: the first who is here. In a round's reserve, the first who has not shared yet. */
export function nextInQueue(room: Room, now: Time): Participant | null {
  const phase = currentPhase(room);
  const reserve = (phase?.reserve_seconds ?? 0) * 1000;
  const isReserved = reserve > 0 && room.phase_ends_at !== null && now >= room.phase_ends_at - reserve;
  for (const hand of room.queue.hands) {
    const participant = find(room, hand.who);
    if (participant?.presence === 'here' && !(isReserved && participant.shares > 0)) return participant;
  }
  return null;
}

/** Whom to call now: the next hand, or in a phase of kind `speaker` whoever was named for it and has not spoken. */
export function nextToCall(room: Room, now: Time): Participant | null {
  const phase = currentPhase(room);
  const reader = phase?.kind === 'speaker' && phase.reader ? find(room, phase.reader) : undefined;
  const isDue = reader?.presence === 'here' && reader.shares === 0 && room.floor?.who !== reader.id;
  return nextInQueue(room, now) ?? (isDue ? reader : null);
}

/** What the evening waits for, where nobody is to be called or heard out: its start, or the next phase. */
export function nextStep(room: Room, now: Time): 'start' | 'phase' | null {
  if (room.state === 'doors') return 'start';
  if (room.phase === null || room.phase >= room.agenda.length - 1 || room.floor) return null;
  const isDue = room.phase_ends_at !== null && now >= room.phase_ends_at;
  return isDue || !nextToCall(room, now) ? 'phase' : null;
}

/** What keeps people safe: the lock, quiet, calls for help and reports. */
import type { Event, Evolutions } from './events.js';
import { setClock } from './floor.js';
import { MOST_REMEMBERED, type Request, type Room } from './room.js';

type Subject = 'locked' | 'unlocked' | 'quieted' | 'unquieted' | 'help_asked' | 'reported';

export const safety: Evolutions<Subject, Room> = {
  locked: room => ({ ...room, locked: true }),
  unlocked: room => ({ ...room, locked: false }),
  quieted: (room, { left }) => ({
    ...room,
    quiet: true,
    locked: true,
    queue: { ...room.queue, open: false },
    chat: { ...room.chat, mode: 'service' },
    floor: room.floor && left !== undefined ? setClock(room.floor, undefined, left) : room.floor,
  }),
  unquieted(room, { locked, queue_open, mode, every, ends_at, answer_by }) {
    const share = room.floor && ends_at !== undefined ? setClock(room.floor, ends_at, 0) : room.floor;
    return {
      ...room,
      quiet: false,
      locked: locked ?? false,
      queue: { ...room.queue, open: queue_open ?? room.queue.open },
      chat: { ...room.chat, mode: mode ?? 'open', every: every ?? room.chat.every },
      floor: share && answer_by !== undefined ? { ...share, answer_by } : share,
    };
  },
  help_asked: (room, event) => ask(room, event, { kind: 'help', who: null, message: null }),
  reported: (room, event) =>
    ask(room, event, { kind: 'report', who: event.who ?? null, message: event.message ?? null }),
};

/** Calls for help and reports that nobody on this page has seen to. */
export const openRequests = (room: Room, handled: ReadonlySet<number>): readonly Request[] =>
  room.requests.filter(request => !handled.has(request.seq));

function ask(
  room: Room,
  { seq, by, at, text }: Event<'help_asked' | 'reported'>,
  what: Pick<Request, 'kind' | 'who' | 'message'>,
): Room {
  const request: Request = { ...what, seq, by: by ?? null, at, text: text ?? null };
  return { ...room, requests: [...room.requests, request].slice(-MOST_REMEMBERED) };
}

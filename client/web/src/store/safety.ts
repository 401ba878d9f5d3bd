/** What keeps people safe: the lock, quiet, calls for help and reports. */
import type { Event, Evolutions } from './events.js';
import { setClock } from './floor.js';
import { REQUESTS_EACH, REQUESTS_KEPT, type Request, type Room } from './room.js';

type Subject = 'locked' | 'unlocked' | 'quieted' | 'unquieted' | 'help_asked' | 'reported' | 'seen_to';

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
  help_asked: (room, event) => ask(room, event, { kind: 'help' }),
  reported: (room, event) =>
    ask(room, event, {
      kind: 'report',
      ...(event.who && { who: event.who }),
      ...(event.message && { message: event.message }),
    }),
  seen_to: (room, { requests }) => ({ ...room, requests: room.requests.filter(({ id }) => !requests.includes(id)) }),
};

/** Without what ends when `who` has left: nobody can help them here, nor needs to be protected from whom was removed. */
export const forgetRequests = (room: Room, gone: string, isRemoved: boolean): Room => ({
  ...room,
  requests: room.requests.filter(
    ({ kind, by, who }) => !(kind === 'help' && by === gone) && !(isRemoved && who === gone),
  ),
});

function ask(
  room: Room,
  { request: id = '', by = '', at, text }: Event<'help_asked' | 'reported'>,
  what: Pick<Request, 'kind' | 'who' | 'message'>,
): Room {
  const request: Request = { id, by, name: room.names[by] ?? '', at, ...what, ...(text && { text }) };
  const own = room.requests.filter(it => it.by === by && it.kind === what.kind);
  const forgotten = own.slice(0, 1 - REQUESTS_EACH);
  const kept = [...room.requests.filter(it => !forgotten.includes(it)), request];
  return { ...room, requests: kept.slice(-REQUESTS_KEPT) };
}

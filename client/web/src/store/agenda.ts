/** The agenda: the start, the phases, the end. And whether the meeting runs late. */
import type { Evolutions } from './events.js';
import { type Phase, type Room, remember, type Time } from './room.js';

type Subject = 'started' | 'fellowship' | 'ended' | 'phase_began' | 'phase_due' | 'phase_extended' | 'assigned';

export const agenda: Evolutions<Subject, Room> = {
  started: (room, { ends_at }) => ({ ...room, state: 'running', ends_at }),
  fellowship: (room, { ends_at }) => ({
    ...room,
    state: 'fellowship',
    ends_at: ends_at ?? room.ends_at,
    phase: null,
    phase_ends_at: null,
  }),
  ended: room => ({ ...room, state: 'ended', phase: null, phase_ends_at: null }),
  phase_began: (room, { phase, ends_at }) => ({
    ...room,
    phase,
    phase_ends_at: ends_at ?? null,
    queue: { ...room.queue, share_seconds: room.agenda[phase]?.share_seconds ?? room.queue.share_seconds },
  }),
  phase_due: room => room,
  phase_extended: (room, { ends_at }) => ({ ...room, phase_ends_at: ends_at }),
  assigned(room, { phase, who, name }) {
    const assigned = room.agenda.map((it, index) => (index === phase ? { ...it, reader: who } : it));
    const names = name === undefined ? room.names : remember(room.names, [{ id: who, name }]);
    return { ...room, names, agenda: assigned };
  },
};

export const currentPhase = (room: Room): Phase | null =>
  room.phase === null ? null : (room.agenda[room.phase] ?? null);

/** By how much the current phase is over its time, in ms; 0 if it is not. */
export const phaseOverBy = (room: Room, now: Time): number =>
  room.phase_ends_at === null ? 0 : Math.max(0, now - room.phase_ends_at);

/**
 * By how much the meeting will end late (or, negative, early) if the phases to come keep their lengths, in ms. Null
 * where a phase has no length, so that nobody can say.
 */
export function lateBy(room: Room, now: Time): number | null {
  if (room.phase === null || room.phase_ends_at === null) return null;
  let end = Math.max(now, room.phase_ends_at);
  for (const phase of room.agenda.slice(room.phase + 1)) {
    if (phase.seconds === null) return null;
    end += phase.seconds * 1000;
  }
  return end - room.ends_at;
}

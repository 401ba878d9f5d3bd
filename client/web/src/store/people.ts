/** Who is here: the door, coming and going, names and roles. */
import type { Evolutions } from './events.js';
import { serves } from './roles.js';
import { MOST_REMEMBERED, type Participant, type Room, remember } from './room.js';
import { forgetRequests } from './safety.js';

type Subject =
  | 'knocked'
  | 'denied'
  | 'joined'
  | 'away'
  | 'returned'
  | 'left'
  | 'renamed'
  | 'role_changed'
  | 'muted'
  | 'unmuted'
  | 'removed'
  | 'unblocked';

export const people: Evolutions<Subject, Room> = {
  knocked: (room, { who, name, at }) =>
    room.lobby ? { ...room, lobby: [...room.lobby, { id: who, name, at }].slice(-MOST_REMEMBERED) } : room,
  denied: (room, { who }) => takeFromLobby(room, who),
  joined(room, { who, name, role, device }) {
    const before = room.gone.find(p => p.id === who);
    const participant: Participant = {
      id: who,
      name,
      role,
      presence: 'here',
      shares: before?.shares ?? 0,
      ...(before?.muted && { muted: true }),
      ...(!device && { device }),
    };
    return {
      ...takeFromLobby(room, who),
      participants: [...room.participants.filter(p => p.id !== who), participant],
      gone: room.gone.filter(p => p.id !== who),
      names: remember(room.names, [participant]),
    };
  },
  away: (room, { who }) => change(room, who, p => ({ ...p, presence: 'away' })),
  returned: (room, { who }) => change(room, who, p => ({ ...p, presence: 'here' })),
  left(room, { who, why }) {
    const gone = why === 'gone' ? room.participants.filter(p => p.id === who) : [];
    const without = takeOut(takeFromLobby(room, who), who);
    // The call for help of somebody whose line is gone still stands: it may be why.
    return why === 'left'
      ? forgetRequests(without, who, false)
      : { ...without, gone: [...room.gone, ...gone].slice(-MOST_REMEMBERED) };
  },
  renamed: (room, { who, name }) =>
    change({ ...room, names: remember(room.names, [{ id: who, name }]) }, who, p => ({ ...p, name })),
  role_changed: (room, { who, role, name }) =>
    change(name === undefined ? room : makeKnown(room, who, name), who, p => ({ ...p, role })),
  muted: (room, { who }) => change(room, who, p => ({ ...p, muted: true })),
  unmuted: (room, { who }) => change(room, who, ({ muted: _, ...p }) => p),
  removed(room, { who, block }) {
    const removed = room.participants.find(p => p.id === who) ?? room.gone.find(p => p.id === who);
    const without = forgetRequests({ ...takeOut(room, who), gone: room.gone.filter(p => p.id !== who) }, who, true);
    if (!removed || !room.blocked || block === false) return without;
    return { ...without, blocked: [...room.blocked.filter(b => b.id !== who), { id: who, name: removed.name }] };
  },
  unblocked: (room, { who }) =>
    room.blocked ? { ...room, blocked: room.blocked.filter(blocked => blocked.id !== who) } : room,
};

/** A name as it is looked for, whatever its capitals. */
export const fold = (name: string): string => name.trim().toLowerCase();

export function change(room: Room, who: string, how: (participant: Participant) => Participant): Room {
  const index = room.participants.findIndex(p => p.id === who);
  const participant = room.participants[index];
  return participant ? { ...room, participants: room.participants.with(index, how(participant)) } : room;
}

/** The room, in which `who` is a participant: where the roster is discreet, perhaps heard of for the first time. */
export function makeKnown(room: Room, who: string, name: string, shares = 0, device = true): Room {
  const known = { ...room, names: remember(room.names, [{ id: who, name }]) };
  if (room.participants.some(p => p.id === who)) return change(known, who, p => ({ ...p, name }));
  const participant: Participant = {
    id: who,
    name,
    role: 'member',
    presence: 'here',
    shares,
    ...(!device && { device }),
  };
  return { ...known, participants: [...room.participants, participant] };
}

/** Where the roster is discreet, a member who no longer has the floor is not to be seen any more. */
export function letGoOf(room: Room, who: string): Room {
  const me = room.participants.find(p => p.id === room.you);
  const other = room.participants.find(p => p.id === who);
  if (room.rules.roster === 'everyone' || who === room.you || !other || serves(other.role)) return room;
  return me && serves(me.role) ? room : takeOut(room, who);
}

function takeOut(room: Room, who: string): Room {
  return { ...room, participants: room.participants.filter(p => p.id !== who) };
}

function takeFromLobby(room: Room, who: string): Room {
  return room.lobby?.some(knock => knock.id === who)
    ? { ...room, lobby: room.lobby.filter(knock => knock.id !== who) }
    : room;
}

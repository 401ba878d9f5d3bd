/** The chat: what was said and taken back, reactions, pins, modes, milestones. */
import type { Evolutions } from './events.js';
import { serves } from './roles.js';
import {
  MESSAGES_KEPT,
  type Message,
  MOST_REMEMBERED,
  myself,
  type Participant,
  type Reactions,
  type Room,
  remember,
} from './room.js';

type Subject = 'said' | 'unsaid' | 'reacted' | 'pinned' | 'unpinned' | 'chat_changed' | 'celebrated';

export const chat: Evolutions<Subject, Room> = {
  said(room, { message, by, text, to, at, reply_to, name }) {
    const said: Message = { id: message, by: by ?? null, text, to, at, reactions: {}, ...optional(reply_to, name) };
    const names = by !== undefined && name !== undefined ? remember(room.names, [{ id: by, name }]) : room.names;
    return { ...withMessages(room, [...room.chat.messages, said]), names };
  },
  unsaid(room, { message }) {
    const pinned = room.chat.pinned.filter(id => id !== message);
    const taken = {
      ...room,
      floor: room.floor?.share === message ? { ...room.floor, paragraphs: [] } : room.floor,
      past: room.past?.share === message ? null : room.past,
    };
    const messages = room.chat.messages.filter(it => it.id !== message);
    return { ...taken, chat: { ...room.chat, messages, pinned } };
  },
  reacted(room, { to, emoji, on }) {
    const react = <T extends { readonly reactions: Reactions }>(it: T): T => ({
      ...it,
      reactions: counted(it.reactions, emoji, on),
    });
    if (room.floor?.share === to) return { ...room, floor: react(room.floor) };
    if (room.past?.share === to) return { ...room, past: react(room.past) };
    const index = room.chat.messages.findIndex(it => it.id === to);
    const message = room.chat.messages[index];
    return message ? withMessages(room, room.chat.messages.with(index, react(message))) : room;
  },
  pinned(room, { message, said }) {
    const pinned = [...room.chat.pinned.filter(id => id !== message), message];
    if (!said || room.chat.messages.some(it => it.id === message)) return { ...room, chat: { ...room.chat, pinned } };
    const { by, text, at, reply_to, name, reactions } = said; // said before this participant came
    const quoted: Message = {
      id: message,
      by: by ?? null,
      text,
      to: 'everyone',
      at,
      reactions: reactions ?? {},
      ...optional(reply_to, name),
    };
    const messages = [...room.chat.messages, quoted].toSorted((a, b) => a.at - b.at);
    return withMessages({ ...room, chat: { ...room.chat, pinned } }, messages);
  },
  unpinned: (room, { message }) => ({
    ...room,
    chat: { ...room.chat, pinned: room.chat.pinned.filter(id => id !== message) },
  }),
  chat_changed: (room, { mode, every }) => ({ ...room, chat: { ...room.chat, mode, every: every ?? room.chat.every } }),
  celebrated(room, { by, count, unit, at, name }) {
    if (by === undefined) return room;
    const names = name === undefined ? room.names : remember(room.names, [{ id: by, name }]);
    const celebration = { by, count, unit, at, ...(name !== undefined && { name }) };
    return { ...room, names, celebrations: [...room.celebrations, celebration].slice(-MOST_REMEMBERED) };
  },
};

/** Why somebody may not say something to everyone just now; null if they may. */
export function silence(room: Room): 'muted' | 'closed' | 'service' | 'listening' | null {
  const me = myself(room);
  if (me?.muted) return 'muted';
  if (room.chat.mode === 'closed') return 'closed';
  if (me && serves(me.role)) return null;
  if (room.chat.mode === 'service') return 'service';
  const listens = room.floor !== null && room.floor.state !== 'called' && room.floor.who !== room.you;
  return listens && room.rules.crosstalk !== 'chat' ? 'listening' : null;
}

/** Whether one may write to the service team, or to that participant, alone. */
export function mayWriteTo(room: Room, to: string): boolean {
  const me = myself(room);
  if (!me) return false;
  if (to === 'service') return room.rules.direct_messages !== 'off' || serves(me.role);
  const reader = room.participants.find(p => p.id === to);
  return reader !== undefined && mayWriteAlone(room, me, reader);
}

/** The participants to whom one may write alone. */
export function readersOf(room: Room): readonly Participant[] {
  const me = myself(room);
  return me ? room.participants.filter(reader => mayWriteAlone(room, me, reader)) : [];
}

function mayWriteAlone(room: Room, me: Participant, reader: Participant): boolean {
  const allowed = room.rules.direct_messages;
  if (reader.device === false || reader.id === me.id || me.muted || allowed === 'off') return false;
  return allowed === 'everyone' || serves(me.role) || serves(reader.role);
}

function counted(reactions: Reactions, emoji: string, on: boolean): Reactions {
  const count = (reactions[emoji] ?? 0) + (on ? 1 : -1);
  const { [emoji]: _, ...others } = reactions;
  return count > 0 ? { ...reactions, [emoji]: count } : others;
}

function optional(reply_to: string | undefined, name: string | undefined): Pick<Message, 'reply_to' | 'name'> {
  return { ...(reply_to !== undefined && { reply_to }), ...(name !== undefined && { name }) };
}

/** The room with these messages; the oldest that are not pinned give way. */
function withMessages(room: Room, messages: readonly Message[]): Room {
  const oldest = messages.length > MESSAGES_KEPT ? messages.find(it => !room.chat.pinned.includes(it.id)) : undefined;
  return { ...room, chat: { ...room.chat, messages: oldest ? messages.filter(it => it !== oldest) : messages } };
}

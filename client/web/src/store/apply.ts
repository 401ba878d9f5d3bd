/** `apply`: what an event makes of the room. */
import { agenda } from './agenda.js';
import { chat } from './chat.js';
import type { Event, EventType } from './events.js';
import { floor } from './floor.js';
import { people } from './people.js';
import type { Room } from './room.js';
import { safety } from './safety.js';

// `satisfies` makes an event that nobody evolves a type error.
const evolutions = { ...people, ...agenda, ...floor, ...chat, ...safety } satisfies Record<EventType, unknown>;

/** Whether this page knows what to make of events of that type; others are to be passed over. */
export const isKnown = (event: { readonly t: string }): event is Event => Object.hasOwn(evolutions, event.t);

/** The room after `event`. Pure; never fails on an event of the protocol. */
export function apply(room: Room, event: Event): Room {
  return (evolutions[event.t] as (room: Room, event: Event) => Room)(room, event);
}

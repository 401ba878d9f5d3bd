/** A room whose parts are signals, so that a reader hears of what it reads and of nothing else. */
import { computed, type ReadonlySignal } from '@preact/signals';
import type { Room } from './room.js';

/** `room`, seen part by part. While there is no room, its parts are those of the last one. */
export function partsOf(room: ReadonlySignal<Room | null>): Room {
  const parts = new Map<PropertyKey, ReadonlySignal<unknown>>();
  let last = {} as Room;
  const latest = computed(() => {
    last = room.value ?? last;
    return last;
  });
  return new Proxy({} as Room, {
    get(_, name) {
      let part = parts.get(name);
      if (!part) {
        part = computed(() => latest.value[name as keyof Room]);
        parts.set(name, part);
      }
      return part.value;
    },
  });
}

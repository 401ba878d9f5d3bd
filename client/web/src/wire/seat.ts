/** What this tab keeps of a room, so that a reload comes back as the same participant. Nothing else is ever stored. */

interface Kept {
  /** A random name of this tab, so that a block holds for it too. */
  device: string;
  /** The secret that makes us the same participant again. */
  seat?: string;
  /** The greatest command id that was given out. */
  last: number;
}

/** A room's seat in `sessionStorage`, or in memory where the browser keeps nothing. */
export class Seat {
  readonly #key: string;
  readonly #storage: Storage | null;
  #kept: Kept;

  constructor(room: string, storage: Storage | null) {
    this.#key = `openchair:${room}`;
    this.#storage = storage;
    this.#kept = this.#load() ?? { device: randomName(), last: 0 };
    this.#save();
  }

  get device(): string {
    return this.#kept.device;
  }

  get seat(): string | undefined {
    return this.#kept.seat;
  }

  set seat(seat: string | undefined) {
    const { seat: _, ...kept } = this.#kept;
    this.#kept = seat === undefined ? kept : { ...kept, seat };
    this.#save();
  }

  /** A fresh command id, greater than all before it. */
  nextId(): number {
    this.atLeast(this.#kept.last + 1);
    return this.#kept.last;
  }

  /** From now on ids are greater than `last`. */
  atLeast(last: number): void {
    if (last > this.#kept.last) {
      this.#kept = { ...this.#kept, last };
      this.#save();
    }
  }

  #load(): Kept | null {
    try {
      const kept = JSON.parse(this.#storage?.getItem(this.#key) ?? 'null');
      return typeof kept?.device === 'string' && Number.isSafeInteger(kept.last) ? kept : null;
    } catch {
      return null;
    }
  }

  #save(): void {
    try {
      this.#storage?.setItem(this.#key, JSON.stringify(this.#kept));
    } catch {
      // A full or forbidden storage: then a reload is a newcomer.
    }
  }
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}

/** The room's clock, seen from here. */

/** How far the room's clock is ahead of this device's, in ms, as far as what came in tells. */
export class Clock {
  #offset = 0;

  get offset(): number {
    return this.#offset;
  }

  /** A message that was made at `sent` (room's clock) for us alone and came at once, at `received` (this device's). */
  heardNow(sent: number, received: number): void {
    this.#offset = sent - received;
  }

  /**
   * An event of `at` came at `received`. However late it came, the room's clock was at least there: so the greatest
   * difference is the nearest to the truth.
   */
  heardOf(at: number, received: number): void {
    this.#offset = Math.max(this.#offset, at - received);
  }
}

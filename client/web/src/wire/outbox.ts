/** Commands on their way: each is answered once, however often the line breaks. */
import type { Command, Outcome } from '../store/messages.js';
import type { Seat } from './seat.js';

/** Most commands that wait for an answer: the server remembers 64 ids (docs/protocol.md, Commands). */
export const MOST_UNANSWERED = 50;

export interface Numbered extends Command {
  readonly id: number;
}

interface Entry {
  readonly command: Numbered;
  readonly settle: (outcome: Outcome) => void;
  /** When it was last sent (this device's clock); null while it waits for the line. */
  sentAt: number | null;
}

export class Outbox {
  readonly #seat: Seat;
  #entries: Entry[] = [];

  constructor(seat: Seat) {
    this.#seat = seat;
  }

  /** Give `command` the next id and keep it until it is answered. Null if too many wait already. */
  add(command: Command, settle: (outcome: Outcome) => void): Numbered | null {
    if (this.#entries.length >= MOST_UNANSWERED) return null;
    const numbered = { ...command, id: this.#seat.nextId() };
    this.#entries.push({ command: numbered, settle, sentAt: null });
    return numbered;
  }

  /** What is not on its way yet, or must be sent again, in order. */
  get unsent(): readonly Numbered[] {
    return this.#entries.filter(entry => entry.sentAt === null).map(entry => entry.command);
  }

  /** When the one that has waited the longest for its answer was sent; null if none was sent. */
  get waitingSince(): number | null {
    return this.#entries.find(entry => entry.sentAt !== null)?.sentAt ?? null;
  }

  sent(id: number, at: number): void {
    for (const entry of this.#entries) if (entry.command.id === id) entry.sentAt = at;
  }

  /** The line broke, or the room was away: all that was not answered must be sent again. */
  sendAgain(): void {
    for (const entry of this.#entries) entry.sentAt = null;
  }

  /** The server has answered. */
  answer(id: number, outcome: Outcome): void {
    const entry = this.#entries.find(it => it.command.id === id);
    this.#entries = this.#entries.filter(it => it !== entry);
    entry?.settle(outcome);
  }

  /** The server will not take the largest of them. */
  answerLargest(outcome: Outcome): void {
    const size = (entry: Entry) => JSON.stringify(entry.command).length;
    const largest = this.#entries.toSorted((a, b) => size(b) - size(a))[0];
    if (largest) this.answer(largest.command.id, outcome);
  }

  /** Nothing will be answered any more. */
  giveUp(code: string): void {
    const entries = this.#entries;
    this.#entries = [];
    for (const { settle } of entries) settle({ ok: false, code });
  }
}

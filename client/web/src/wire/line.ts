/** The line to a room: says hello, comes back by itself with its seat and position, and loses no command. */
import { SUBPROTOCOL } from '../early.js';
import type { Command, LineState, Outcome, Position, ServerMessage, Waiting, Welcome } from '../store/messages.js';
import { Clock } from './clock.js';
import { Outbox } from './outbox.js';
import { Seat } from './seat.js';

const FIRST_DELAY = 250; // ms before the first new attempt; it doubles
const LONGEST_DELAY = 15_000;
const LATER = 15_000; // after 4029
const STABLE = 5_000; // a line that held for so long starts again with the shortest delay
const PATIENCE = 15_000; // from the attempt to the server's first word
const ANSWERED_WITHIN = 8_000; // a line on which a command waits for longer is dead
const LISTENING = 25_000; // after so long without a word, ask whether anybody is there
const SILENCE = 10_000; // after so long without a word, a page that wakes up does not trust its line
const LEAVING = 3_000;
const PREPARED = 5_000; // the server waits for 10 s for a hello, and the socket may have been open for 4 (early.ts)
const RETRIED = 1_000; // after `unavailable`, where the server does not say when
const MOST_BYTES = 16 * 1024; // docs/protocol.md, Connecting

/** What to say hello with. Only a returning seat needs no name. */
export interface Entry {
  readonly name?: string;
  readonly key?: string;
  readonly passcode?: string;
}

/** Where the line's news go. */
export interface Listener {
  /** What the server said in one message, in order; answers to commands are left out. */
  receive(messages: readonly ServerMessage[], offset: number): void;
  /** All that was received is to be seen now, for a command is about to be said to be done. */
  publish(): void;
  lineIs(state: LineState): void;
}

export interface World {
  readonly storage: Storage | null;
  readonly open: (url: string, subprotocol: string) => WebSocket;
  readonly random: () => number;
}

type HelloRefusal = { readonly code: string; readonly retry_after?: number };

export class Line {
  readonly #base: string;
  readonly #listener: Listener;
  readonly #world: World;
  readonly #seat: Seat;
  readonly #outbox: Outbox;
  readonly #clock = new Clock();
  #room: string;
  #entry: Entry = {};
  #socket: WebSocket | null = null;
  /** Opened while the name is being typed: on a slow line that alone takes seconds. */
  #prepared: WebSocket | null = null;
  #state: LineState = { is: 'idle' };
  #position: Position | null = null;
  #refusal: HelloRefusal | null = null;
  #attempts = 0;
  #upSince = 0;
  #heardAt = 0;
  #isLeaving = false;
  /** The server asked for patience until then. */
  #notBefore = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #listening: ReturnType<typeof setTimeout> | undefined;
  /** When it was asked whether anybody is there (this device's clock); null when that was answered. */
  #pingedAt: number | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `base` is the origin to connect to (`wss://…`), `room` a room's id or a meeting's slug. */
  constructor(base: string, room: string, listener: Listener, world: World) {
    this.#base = base;
    this.#room = room;
    this.#listener = listener;
    this.#world = world;
    this.#seat = new Seat(room, world.storage);
    this.#outbox = new Outbox(this.#seat);
  }

  /** Whether this tab was in the room before, so that it may come back without a name. */
  get hasSeat(): boolean {
    return this.#seat.seat !== undefined;
  }

  /** Open a socket for a `join` that will come soon; without one it is closed again, and may be prepared anew. */
  prepare(): void {
    if (this.#prepared || (this.#state.is !== 'idle' && this.#state.is !== 'closed')) return;
    const socket = this.#open();
    const giveUp = () => {
      if (this.#prepared !== socket) return;
      this.#prepared = null;
      socket.close();
    };
    socket.onclose = socket.onmessage = giveUp; // a word before the hello is a no, and will be said again to who asks
    setTimeout(giveUp, PREPARED);
    this.#prepared = socket;
  }

  /** Come in, or, where one is in already, come again with what `entry` adds (a role's key). */
  join(entry: Entry): void {
    this.#entry = { ...this.#entry, ...entry };
    this.#isLeaving = false;
    this.#attempts = 0;
    this.#connect();
  }

  /** Send `command`; it is repeated until it is answered. */
  send(command: Command): Promise<Outcome> {
    return new Promise(settle => {
      if (this.#state.is === 'closed' || this.#state.is === 'idle') return settle({ ok: false, code: 'over' });
      // Its id is not given yet: leave room for the longest.
      if (new TextEncoder().encode(pack(command)).length > MOST_BYTES - 32)
        return settle({ ok: false, code: 'too_long' });
      if (!this.#outbox.add(command, settle)) return settle({ ok: false, code: 'line' });
      if (this.#state.is === 'up') this.#sendUnsent();
    });
  }

  /** Say something that may get lost, and is not answered. */
  mention(message: Command): void {
    if (this.#state.is === 'up') this.#socket?.send(pack(message));
  }

  /** Leave the meeting for good, whether or not the line is up. */
  leave(): void {
    this.#isLeaving = true;
    const finish = () => this.#isLeaving && this.#finish(1000);
    void this.send({ t: 'leave' }).then(outcome => outcome.ok && finish());
    setTimeout(finish, this.#state.is === 'up' ? LEAVING : 0);
  }

  /**
   * The page was shown again, or the network is back: phones drop sockets without a word, so try at once, and do not
   * trust a line that has been silent (`isNew`: or any line, because the network is another one).
   */
  wake(isNew = false): void {
    const now = Date.now();
    if (this.#state.is === 'down' && (isNew || !this.#patience) && now >= this.#notBefore) this.#connect();
    else if (this.#state.is === 'up' && (isNew || now - this.#heardAt > SILENCE)) this.#connect();
  }

  #connect(): void {
    this.#drop();
    if (this.#state.is !== 'down') this.#become({ is: 'down', since: Date.now() });
    this.#refusal = null;
    const socket = this.#prepared ?? this.#open();
    this.#prepared = null;
    const sayHello = () => socket.send(pack(this.#hello()));
    socket.onopen = sayHello;
    if (socket.readyState === WebSocket.OPEN) sayHello();
    socket.onmessage = message => this.#receive(JSON.parse(message.data) as ServerMessage[]);
    socket.onclose = close => this.#closed(close.code);
    this.#socket = socket;
    this.#patience = setTimeout(() => this.#comeBack(this.#delay()), PATIENCE);
  }

  #open(): WebSocket {
    return this.#world.open(`${this.#base}/rooms/${encodeURIComponent(this.#room)}/socket`, SUBPROTOCOL);
  }

  #hello(): Command {
    const { seat, device } = this.#seat;
    const { epoch, seq: since, tag } = this.#position ?? {};
    return { t: 'hello', ...this.#entry, seat, device, epoch, since, tag };
  }

  #receive(messages: readonly ServerMessage[]): void {
    const now = Date.now();
    this.#heardAt = now;
    clearTimeout(this.#patience);
    this.#patience = undefined;
    const news: ServerMessage[] = [];
    const answers: (() => void)[] = [];
    for (const message of messages) {
      if (message.t === 'pong') this.#ponged(message.now, now);
      else if (message.t === 'ack') answers.push(() => this.#outbox.answer(message.id, { ok: true }));
      else if (message.t === 'refused' && message.id !== undefined) answers.push(() => this.#refused(message));
      else if (this.#takeIn(message, now)) news.push(message);
    }
    if (news.length > 0) this.#listener.receive(news, this.#clock.offset);
    for (const message of news) {
      if (message.t === 'welcome') this.#welcomed(message);
      if (message.t === 'waiting') this.#become({ is: 'up' });
    }
    this.#listen();
    if (answers.length > 0) this.#listener.publish();
    for (const answer of answers) answer();
    this.#watch();
  }

  /** Note what a message tells of the clock and of our position. Returns whether it is news. */
  #takeIn(message: ServerMessage, now: number): boolean {
    if (message.t === 'welcome' || message.t === 'snapshot') {
      this.#clock.heardNow(message.now, now);
      if (message.t === 'snapshot' || !message.resumed) this.#position = at(message);
    } else if (message.t === 'waiting') {
      this.#clock.heardNow((message as Waiting).now, now);
    } else if (message.t === 'refused') {
      this.#refusal = message;
    } else if ('seq' in message && 'at' in message) {
      if (this.#position && message.seq <= this.#position.seq) return false;
      if (this.#position) this.#position = { ...this.#position, seq: message.seq, tag: message.tag };
      this.#clock.heardOf(message.at, now);
    }
    return true;
  }

  #welcomed(welcome: Welcome): void {
    this.#seat.seat = welcome.seat;
    this.#seat.atLeast(welcome.last);
    // From here on it is this occurrence, even when the meeting's slug comes to mean the next one.
    if (welcome.room) this.#room = welcome.room.id;
    // The role belongs to the seat now; a key that is shown again would undo what was decided about it since.
    const { key: _, ...entry } = this.#entry;
    this.#entry = entry;
    this.#upSince = Date.now();
    this.#become({ is: 'up' });
    this.#sendUnsent();
  }

  /**
   * Phones drop lines without a word, and whoever only listens would never know: so after a while of silence ask, and
   * come back if nobody answers.
   */
  #listen(): void {
    clearTimeout(this.#listening);
    if (this.#state.is !== 'up') return;
    this.#listening = setTimeout(() => {
      this.#pingedAt = Date.now();
      this.mention({ t: 'ping' });
      this.#listening = setTimeout(() => this.#connect(), ANSWERED_WITHIN);
    }, LISTENING);
  }

  /** The answer was made about half way between our question and now. */
  #ponged(at: number, now: number): void {
    if (this.#pingedAt !== null) this.#clock.heardNow(at + (now - this.#pingedAt) / 2, now);
    this.#pingedAt = null;
  }

  #refused(refused: { id?: number; code: string; message: string; retry_after?: number }): void {
    if (refused.code === 'unavailable') {
      // The room cannot write just now, and nothing happened: the same command again, soon.
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#sendAll(), (refused.retry_after ?? 0) * 1000 || RETRIED);
    } else {
      this.#outbox.answer(refused.id ?? 0, { ok: false, code: refused.code, message: refused.message });
    }
  }

  #closed(code: number): void {
    this.#drop();
    if (this.#isLeaving) return this.#finish(1000);
    switch (code) {
      case 1000:
      case 4000:
      case 4003:
      case 4004:
      case 4009:
        return this.#finish(code);
      case 4001:
        if (!isPassing(this.#refusal)) return this.#finish(code);
        return this.#comeBackLater(Math.max(this.#delay(), (this.#refusal?.retry_after ?? 0) * 1000));
      case 1012: // the worker is going down, and all its clients come at once
        return this.#comeBack(this.#world.random() * 1000);
      case 4008:
        return this.#comeBack(this.#world.random() * FIRST_DELAY);
      case 1009:
        this.#outbox.answerLargest({ ok: false, code: 'too_long' }); // it would break the next line too
        return this.#comeBack(this.#delay());
      case 4029:
        return this.#comeBackLater(LATER * (1 + this.#world.random()));
      default:
        return this.#comeBack(this.#delay());
    }
  }

  #comeBack(delay: number): void {
    this.#drop();
    if (this.#state.is !== 'down') this.#become({ is: 'down', since: Date.now() });
    this.#retry = setTimeout(() => this.#connect(), delay);
  }

  #comeBackLater(delay: number): void {
    this.#notBefore = Date.now() + delay;
    this.#comeBack(delay);
  }

  /** The next delay: doubling, and random, so that those whose line broke together do not come back together. */
  #delay(): number {
    if (this.#upSince > 0 && Date.now() - this.#upSince > STABLE) this.#attempts = 0;
    this.#upSince = 0;
    const longest = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#attempts++);
    return longest * (0.5 + this.#world.random() / 2);
  }

  /** Stay away: the room is over for us, or the person must be asked. */
  #finish(code: number): void {
    this.#drop();
    this.#isLeaving = false;
    this.#position = null;
    if (code === 1000 || code === 4003) this.#seat.seat = undefined;
    this.#become({ is: 'closed', code });
    this.#outbox.giveUp('over');
  }

  #drop(): void {
    for (const timer of [this.#retry, this.#patience, this.#watchdog, this.#again, this.#listening])
      clearTimeout(timer);
    this.#patience = undefined;
    const socket = this.#socket;
    this.#socket = null;
    this.#outbox.sendAgain();
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    if (socket.readyState <= WebSocket.OPEN) socket.close();
  }

  #become(state: LineState): void {
    this.#state = state;
    this.#listener.lineIs(state);
  }

  #sendAll(): void {
    this.#outbox.sendAgain();
    this.#sendUnsent();
  }

  #sendUnsent(): void {
    const now = Date.now();
    for (const command of this.#outbox.unsent) {
      this.#socket?.send(pack(command));
      this.#outbox.sent(command.id, now);
    }
    this.#watch();
  }

  /** A command that is not answered in time shows that the line is dead, though nobody has told us. */
  #watch(): void {
    clearTimeout(this.#watchdog);
    const since = this.#outbox.waitingSince;
    if (since === null || this.#state.is !== 'up') return;
    this.#watchdog = setTimeout(() => this.#connect(), Math.max(0, since + ANSWERED_WITHIN - Date.now()));
  }
}

/** A message as it travels. A field that is undefined is left out, and null is a value (docs/protocol.md, Commands). */
const pack = (message: Command): string => JSON.stringify(message);

const at = ({ epoch, seq, tag }: Position): Position => ({ epoch, seq, tag });

/** Whether a `hello` was refused for something that passes by itself. */
const isPassing = (refusal: HelloRefusal | null): boolean =>
  refusal !== null && (refusal.code === 'unavailable' || refusal.code === 'too_fast');

/** The line: hello, commands that are answered once, breaking and coming back. The server is played by the test. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LineState, Outcome, ServerMessage } from '../../src/store/messages.js';
import { Line } from '../../src/wire/line.js';

type Sent = Record<string, unknown>;

class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: string }) => void) | null = null;
  onclose: ((close: { code: number }) => void) | null = null;
  readonly sent: Sent[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Sent);
  }

  close(): void {
    this.readyState = 3;
  }

  opens(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  says(...messages: Sent[]): void {
    this.onmessage?.({ data: JSON.stringify(messages) });
  }

  breaks(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

class Ear {
  readonly heard: ServerMessage[] = [];
  state: LineState = { is: 'idle' };
  receive(messages: readonly ServerMessage[]): void {
    this.heard.push(...messages);
  }
  publish(): void {}

  lineIs(state: LineState): void {
    this.state = state;
  }
}

const WELCOME = {
  t: 'welcome',
  you: 'me',
  seat: 'my seat',
  role: 'member',
  epoch: 'e',
  seq: 7,
  tag: 'seven',
  now: 1000,
  last: 3,
  resumed: false,
  room: { id: 'circle.1' },
};

let ear: Ear;
let line: Line;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  sessionStorage.clear();
  ear = new Ear();
  line = aLine();
});
afterEach(() => vi.useRealTimers());

const aLine = (): Line =>
  new Line('wss://rooms.example.org', 'circle', ear, {
    storage: sessionStorage,
    open: url => new FakeSocket(url) as unknown as WebSocket,
    random: () => 0.5,
  });

/** The newest connection. */
function socket(): FakeSocket {
  const it = FakeSocket.all.at(-1);
  if (!it) throw new Error('nobody has connected');
  return it;
}

function isIn(welcome: Sent = WELCOME): FakeSocket {
  if (FakeSocket.all.length === 0) line.join({ name: 'Robin', key: 'secret' });
  socket().opens();
  socket().says(welcome);
  return socket();
}

test('a socket that was opened while the name was typed is used, if it is still fresh', () => {
  vi.useFakeTimers();
  const line = aLine();
  line.prepare();
  line.prepare();
  expect(FakeSocket.all).toHaveLength(1);
  vi.advanceTimersByTime(9_000); // nobody came in: the server waits no longer
  expect(FakeSocket.all[0]?.readyState).toBe(3);
  line.prepare();
  FakeSocket.all[1]?.opens();
  line.join({ name: 'Alice' });
  expect(FakeSocket.all).toHaveLength(2);
  expect(FakeSocket.all[1]?.sent).toMatchObject([{ t: 'hello', name: 'Alice' }]);
});

test('it says hello, with no secret in the address', () => {
  line.join({ name: 'Robin', key: 'secret' });
  socket().opens();
  expect(socket().url).toBe('wss://rooms.example.org/rooms/circle/socket');
  expect(socket().sent).toEqual([{ t: 'hello', name: 'Robin', key: 'secret', device: expect.any(String) }]);
});

test('commands are numbered from above the last, and answered', async () => {
  isIn();
  const asked = line.send({ t: 'say', text: 'hello' });
  expect(socket().sent.at(-1)).toEqual({ t: 'say', text: 'hello', id: 4 });
  socket().says({ t: 'ack', id: 4, seq: 8 });
  expect(await asked).toEqual({ ok: true });
});

test('a refusal is told with its sentence', async () => {
  isIn();
  const asked = line.send({ t: 'say', text: 'hello' });
  socket().says({ t: 'refused', id: 4, code: 'muted', message: 'You are muted.' });
  expect(await asked).toEqual({ ok: false, code: 'muted', message: 'You are muted.' });
});

test('after a break it resumes, without the key, and repeats what was not answered under the same number', async () => {
  isIn();
  const asked = line.send({ t: 'say', text: 'hello' });
  socket().says({ t: 'said', seq: 8, tag: 'eight', at: 1001 });
  socket().breaks();
  expect(ear.state.is).toBe('down');
  vi.advanceTimersByTime(250);
  expect(FakeSocket.all).toHaveLength(2);
  expect(socket().url).toBe('wss://rooms.example.org/rooms/circle.1/socket');
  socket().opens();
  expect(socket().sent[0]).toMatchObject({ t: 'hello', seat: 'my seat', epoch: 'e', since: 8, tag: 'eight' });
  expect(socket().sent[0]).not.toHaveProperty('key');
  const { room: _, ...resumed } = WELCOME;
  socket().says({ ...resumed, resumed: true, seq: 9 });
  expect(socket().sent[1]).toEqual({ t: 'say', text: 'hello', id: 4 });
  socket().says({ t: 'ack', id: 4, seq: 9 });
  expect(await asked).toEqual({ ok: true });
});

test('an event that was seen already is not told twice', () => {
  isIn();
  socket().says({ t: 'said', seq: 7, tag: 'seven', at: 1 }, { t: 'said', seq: 8, tag: 'eight', at: 2 });
  expect(ear.heard.filter(message => message.t === 'said')).toHaveLength(1);
});

test('it never gives up, and waits longer and longer up to a limit', () => {
  isIn();
  const delays: number[] = [];
  for (let n = 0; n < 10; n++) {
    socket().breaks();
    const before = FakeSocket.all.length;
    let waited = 0;
    while (FakeSocket.all.length === before) {
      vi.advanceTimersByTime(25);
      waited += 25;
    }
    delays.push(waited);
  }
  expect(delays[0]).toBeLessThan(250);
  expect(delays).toEqual(delays.toSorted((a, b) => a - b));
  expect(delays.at(-1)).toBeLessThanOrEqual(15_000);
});

test.each([
  [1000, 'the meeting is over'],
  [4003, 'removed'],
  [4004, 'no such room'],
  [4009, 'elsewhere'],
])('after %i (%s) it stays away', async code => {
  isIn();
  const asked = line.send({ t: 'say', text: 'hello' });
  socket().breaks(code);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all).toHaveLength(1);
  expect(ear.state).toEqual({ is: 'closed', code });
  expect(await asked).toMatchObject({ ok: false });
});

test('a room that cannot write just now is asked again, with the same number', async () => {
  isIn();
  const asked = line.send({ t: 'say', text: 'hello' });
  socket().says({ t: 'refused', id: 4, code: 'unavailable', message: 'Later.', retry_after: 1 });
  vi.advanceTimersByTime(1000);
  expect(socket().sent.filter(message => message.t === 'say')).toEqual([
    { t: 'say', text: 'hello', id: 4 },
    { t: 'say', text: 'hello', id: 4 },
  ]);
  socket().says({ t: 'ack', id: 4, seq: 8 });
  expect(await asked).toEqual({ ok: true });
});

test('a line on which nothing is answered is given up, and all is sent on the next', () => {
  isIn();
  void line.send({ t: 'say', text: 'hello' });
  vi.advanceTimersByTime(8001);
  expect(FakeSocket.all).toHaveLength(2);
});

test('a line that has been silent is asked whether anybody is there, and given up where nobody answers', () => {
  isIn();
  vi.advanceTimersByTime(25_001);
  expect(socket().sent.at(-1)).toEqual({ t: 'ping' });
  socket().says({ t: 'pong', now: 1000 });
  vi.advanceTimersByTime(25_001);
  expect(socket().sent.filter(message => message.t === 'ping')).toHaveLength(2);
  expect(FakeSocket.all).toHaveLength(1);
  vi.advanceTimersByTime(8_001);
  expect(FakeSocket.all).toHaveLength(2);
  expect(ear.state.is).toBe('down');
});

test('a page that is loaded again has the seat, and its numbers go on', () => {
  isIn();
  void line.send({ t: 'say', text: 'hello' });
  line = aLine();
  expect(line.hasSeat).toBe(true);
  line.join({});
  socket().opens();
  expect(socket().sent[0]).toMatchObject({ seat: 'my seat' });
  socket().says(WELCOME);
  void line.send({ t: 'say', text: 'again' });
  expect(socket().sent.at(-1)).toEqual({ t: 'say', text: 'again', id: 5 });
});

test('whoever leaves is gone, and nothing of the seat is kept', async () => {
  isIn();
  line.leave();
  expect(socket().sent.at(-1)).toMatchObject({ t: 'leave' });
  socket().says({ t: 'ack', id: 4, seq: 9 });
  await Promise.resolve();
  await vi.advanceTimersByTimeAsync(0);
  expect(ear.state).toEqual({ is: 'closed', code: 1000 });
  expect(aLine().hasSeat).toBe(false);
});

test('what is too long is not sent', async () => {
  isIn();
  expect((await line.send({ t: 'say', text: 'x'.repeat(20_000) })) as Outcome).toEqual({ ok: false, code: 'too_long' });
});

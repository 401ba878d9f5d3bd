/** What is there before the rest of the page. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 1;
  onmessage: (() => void) | null = null;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  close() {
    this.readyState = 3;
  }
}

const URL = 'ws://localhost:3000/rooms/circle.1/socket';

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
  vi.stubGlobal('WebSocket', FakeSocket);
  FakeSocket.all = [];
  history.replaceState(null, '', '/r/circle.1');
});
afterEach(() => vi.useRealTimers());

test('the line is opened at once, and taken once', async () => {
  const { socketTo } = await import('../src/early.js');
  expect(FakeSocket.all.map(it => it.url)).toEqual([URL]);
  expect(socketTo(URL, 'p')).toBe(FakeSocket.all[0]);
  vi.advanceTimersByTime(60_000);
  expect(FakeSocket.all[0]?.readyState).toBe(1); // it is another's now
  expect(socketTo(URL, 'p')).toBe(FakeSocket.all[1]);
});

test('a line on which nobody came in soon is closed: the server waits for a hello no longer', async () => {
  const { socketTo } = await import('../src/early.js');
  vi.advanceTimersByTime(5_000);
  expect(FakeSocket.all[0]?.readyState).toBe(3);
  expect(socketTo(URL, 'p')).toBe(FakeSocket.all[1]);
});

test('a no that comes before anybody has asked is not kept for who does', async () => {
  const { socketTo } = await import('../src/early.js');
  FakeSocket.all[0]?.onmessage?.();
  expect(FakeSocket.all[0]?.readyState).toBe(3);
  expect(socketTo(URL, 'p')).toBe(FakeSocket.all[1]);
});

test('a line to another room is another line', async () => {
  const { socketTo } = await import('../src/early.js');
  expect(socketTo('ws://localhost:3000/rooms/another/socket', 'p')).toBe(FakeSocket.all[1]);
});

test('no line is opened where there is no room', async () => {
  history.replaceState(null, '', '/');
  await import('../src/early.js');
  expect(FakeSocket.all).toEqual([]);
});

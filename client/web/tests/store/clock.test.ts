/** The steps of a share's clock, from the server's deadlines alone. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stepOf } from '../../src/store/floor.js';
import { type Floor, fromSnapshot, type Room } from '../../src/store/room.js';

const [evening] = JSON.parse(readFileSync('tests/fixtures/meetings.json', 'utf8'));
const room: Room = { ...fromSnapshot(evening.steps[0].room, 'alice', null), phase: 1 };
const ENDS = 1_000_000;

/** A share of three minutes in a phase that warns with a minute left. */
function step(left: number, { you = 'alice', length = 180_000, warn = 60 } = {}): string {
  const agenda = room.agenda.map(phase => ({ ...phase, warn_seconds: warn }));
  const share: Floor = {
    who: 'alice',
    share: 's1',
    state: 'sharing',
    warned: false,
    paragraphs: [],
    reactions: {},
    began_at: ENDS - length,
    ends_at: ENDS,
  };
  return stepOf({ ...room, you, agenda }, share, ENDS - left);
}

test.each([
  [60_001, 'well'],
  [60_000, 'minute'],
  [15_001, 'minute'],
  [15_000, 'soon'],
  [1, 'soon'],
  [0, 'up'],
  [-29_999, 'up'],
  [-30_000, 'over'],
  [-60_000, 'far'],
])('with %i ms left whoever shares is told: %s', (left, told) => expect(step(left)).toBe(told));

test('the others are told a little later', () => {
  expect(step(60_000, { you: 'bob' })).toBe('well');
  expect(step(57_000, { you: 'bob' })).toBe('minute');
  expect(step(-2_999, { you: 'bob' })).toBe('soon');
  expect(step(-3_000, { you: 'bob' })).toBe('up');
});

test('a share that is no longer than the warning is not warned', () => {
  expect(step(59_000, { length: 60_000 })).toBe('well');
  expect(step(14_000, { length: 60_000 })).toBe('soon');
  expect(step(14_000, { length: 30_000, warn: 0 })).toBe('well');
});

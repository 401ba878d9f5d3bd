/** The pages around the room: the door, the waiting room, refusals and goodbyes. */
import { act, cleanup, fireEvent, screen } from '@testing-library/preact';
import { afterEach, expect, test } from 'vitest';
import type { Waiting } from '../../src/store/messages.js';
import { barriers, button, evenings, fill, Page, press } from './kit.js';

afterEach(async () => {
  expect(await barriers()).toEqual([]);
  cleanup();
});

const waiting = (more: Partial<Waiting>): Waiting => ({
  t: 'waiting',
  reason: 'admission',
  now: 0,
  meeting: { slug: 'circle', name: 'A circle' },
  ...more,
});
const refused = (code: string, more: object = {}) => ({ t: 'refused', code, message: 'No.', ...more }) as const;

test('one comes in with a first name and nothing else', () => {
  const page = new Page();
  screen.getByText(/^Nothing is recorded\./);
  fill('Your first name', 'Robin');
  fireEvent.submit(screen.getByLabelText('Your first name'));
  expect(page.joined).toEqual([{ name: 'Robin' }]);
});

test('a passcode is asked for where the meeting has one', () => {
  const page = new Page({ has_passcode: true });
  fill('Your first name', 'Robin');
  fill('Passcode', 'willow');
  fireEvent.submit(screen.getByLabelText('Passcode'));
  expect(page.joined).toEqual([{ name: 'Robin', passcode: 'willow' }]);
});

test.each([{ passcode: true }, { key: true }])('but not where the link brings it, or a key: %o', given => {
  new Page({ has_passcode: true }, given);
  expect(screen.queryByLabelText('Passcode')).toBeNull();
});

test.each(['bad_name', 'bad_passcode', 'bad_key'])(
  'what is wrong (%s) is told in the form, and can be mended',
  code => {
    const page = new Page();
    fill('Your first name', 'Robin');
    act(() => page.store.lineIs({ is: 'down', since: 0 }));
    page.hears(refused(code, { message: 'Please try another.' }));
    page.ends(4001);
    expect(screen.getByRole('alert').textContent).toBe('Please try another.');
    expect(screen.getByLabelText<HTMLInputElement>('Your first name').value).toBe('Robin');
  },
);

test('before the doors open the page says when they do, and counts down', () => {
  const page = new Page();
  page.hears(waiting({ reason: 'doors', opens_at: 65_000 }));
  expect(screen.getByRole('timer').textContent).toBe('1:05');
  act(() => page.store.tick(5_000));
  expect(screen.getByRole('timer').textContent).toBe('1:00');
});

test('whoever waits to be let in knows their place, and the page turns into the room by itself', () => {
  const page = new Page();
  page.hears(waiting({ place: 3 }));
  screen.getByText(/^You are number 3 in the waiting room\./);
  page.hears(waiting({ place: 1 }));
  screen.getByText(/^You are next in the waiting room\./);
  const [evening] = evenings;
  if (!evening) throw new Error('expected an evening');
  page.comesIn(evening);
  screen.getByRole('navigation', { name: 'Parts of the room' });
  expect(document.activeElement).toBe(screen.getByRole('heading', { level: 1 }));
});

test.each([
  ['locked', 'The doors are closed'],
  ['full', 'The room is full'],
  ['something_new', 'You cannot come in just now'],
])('%s: there is something to do next', async (code, title) => {
  const page = new Page();
  page.hears(refused(code));
  page.ends(4001);
  screen.getByRole('heading', { name: title });
  await press('Try again');
  expect(page.joined).toEqual([{}]);
});

test('whoever was turned away may knock again, and sees when', async () => {
  const page = new Page();
  page.hears(refused('denied', { retry_after: 30 }));
  page.ends(4003);
  expect(button('Try again in 0:30').getAttribute('aria-disabled')).toBe('true');
  await press('Try again in 0:30');
  expect(page.joined).toEqual([]);
  act(() => page.store.tick(30_000));
  await press('Try again');
  expect(page.joined).toEqual([{}]);
});

test.each([
  ['blocked', 4003],
  ['ended', 1000],
  ['no_such_room', 4004],
])('%s: nothing is to be tried again here', (code, close) => {
  const page = new Page();
  page.hears(refused(code));
  page.ends(close);
  expect(screen.getAllByRole('button').map(it => it.textContent)).toEqual(['Get help now', 'Leave quickly']);
  screen.getByRole('link', { name: 'All meetings here' });
});

test.each([
  [1000, 'You have left'],
  [4003, 'You were taken out of the meeting'],
  [4009, 'You are in this meeting elsewhere'],
  [4000, 'This page is out of date'],
])('after %i: %s, and nothing of the meeting stays', (code, title) => {
  const page = new Page();
  const [evening] = evenings;
  if (!evening) throw new Error('expected an evening');
  page.comesIn(evening);
  page.ends(code);
  screen.getByRole('heading', { name: title });
  expect(page.store.room.value).toBeNull();
});

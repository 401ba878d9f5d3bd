/** A button whose meaning changes under the finger does nothing that nobody meant. */
import { act, cleanup, createEvent, fireEvent, render, screen } from '@testing-library/preact';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Button, notice } from '../../src/components/controls.js';
import { OpenedByHand, SETTLES } from '../../src/components/settling.js';
import { click } from './kit.js';

let called: string[] = [];
let shown: ReturnType<typeof render>;

function Next({ name }: { readonly name: string }) {
  return (
    <Button meaning={name} onClick={() => called.push(name)}>
      Next: {name}
    </Button>
  );
}

const button = () => screen.getByRole('button');
const becomes = (name: string) => act(() => shown.rerender(<Next name={name} />));
const presses = (after: number, detail = 1) => act(async () => click(button(), after, detail));

beforeEach(async () => {
  called = [];
  shown = render(<Next name="Ana" />);
  await presses(SETTLES + 100);
  expect(called).toEqual(['Ana']);
});
afterEach(() => {
  cleanup();
  notice.value = '';
});

test('a press just after the change calls nobody, and says what the button is now', async () => {
  becomes('Bob');
  await presses(SETTLES - 200);
  expect(called).toEqual(['Ana']);
  expect(notice.value).toContain('Next: Bob');
  expect(button().getAttribute('aria-disabled')).toBe('true');
});

test('a press of somebody who has seen it does', async () => {
  becomes('Bob');
  await presses(SETTLES + 100);
  expect(called).toEqual(['Ana', 'Bob']);
});

test('a press that was begun before, however late it ends, calls nobody', async () => {
  const down = createEvent.pointerDown(button());
  Object.defineProperty(down, 'timeStamp', { value: performance.now() });
  fireEvent(button(), down);
  becomes('Bob');
  await presses(10 * SETTLES);
  expect(called).toEqual(['Ana']);
  await presses(10 * SETTLES);
  expect(called).toEqual(['Ana', 'Bob']);
});

test('under the keyboard’s focus the change is told, and must be heard first', async () => {
  vi.spyOn(button(), 'matches').mockReturnValue(true); // :focus-visible
  becomes('Bob');
  expect(notice.value).toContain('Next: Bob');
  await presses(SETTLES + 100, 0);
  expect(called).toEqual(['Ana']);
  await presses(2 * SETTLES + 100, 0);
  expect(called).toEqual(['Ana', 'Bob']);
});

test('the second half of a double tap calls nobody', async () => {
  becomes('Bob');
  await presses(5 * SETTLES, 2);
  expect(called).toEqual(['Ana']);
});

test('what was opened by hand can be pressed at once', async () => {
  cleanup();
  render(
    <OpenedByHand value={true}>
      <Next name="Ana" />
    </OpenedByHand>,
  );
  await presses(0);
  expect(called).toEqual(['Ana', 'Ana']);
});

test('while a press is on its way the button does not act again', async () => {
  cleanup();
  let answer = () => {};
  const act_ = () => {
    called.push('once');
    return new Promise<void>(done => {
      answer = done;
    });
  };
  render(
    <Button meaning="" onClick={act_}>
      Raise hand
    </Button>,
  );
  await presses(5000);
  await presses(6000);
  expect(called).toEqual(['Ana', 'once']);
  await act(async () => answer());
  await presses(7000);
  expect(called).toEqual(['Ana', 'once', 'once']);
});

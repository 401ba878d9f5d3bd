/** The room as it is drawn, from what the rules make of an evening. */
import { readFileSync } from 'node:fs';
import { signal } from '@preact/signals';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/preact';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { level } from '../../src/announce.js';
import { App } from '../../src/components/App.js';
import { type App as Actions, AppProvider } from '../../src/components/context.js';
import type { Event } from '../../src/store/events.js';
import type { Command, Outcome } from '../../src/store/messages.js';
import type { Snapshot } from '../../src/store/room.js';
import { Store } from '../../src/store/store.js';

interface Meeting {
  readonly viewer: string;
  readonly you: string;
  readonly steps: readonly ({ readonly now: number; readonly room: Snapshot } | readonly Event[])[];
}

const meetings: readonly Meeting[] = JSON.parse(readFileSync('tests/fixtures/meetings.json', 'utf8'));

let store: Store;
let asked: Command[];
let answer: Outcome;

beforeEach(() => {
  store = new Store(0);
  asked = [];
  answer = { ok: true };
});
afterEach(cleanup);

/** The page in which that viewer is, after as many events as it takes until `is` holds. */
function seenBy(viewer: string, is: (event: Event) => boolean): void {
  const meeting = meetings.find(it => it.viewer === viewer);
  if (!meeting) throw new Error(`expected a viewer of the fixtures, not ${viewer}`);
  const app: Actions = {
    store,
    meeting: signal({ name: 'A circle' }),
    hasKey: signal(false),
    hasPasscode: signal(false),
    join: () => {},
    leave: () => {},
    askAgain: () => {},
    send: async command => {
      asked.push(command);
      return answer;
    },
    type: () => {},
  };
  render(
    <AppProvider value={app}>
      <App />
    </AppProvider>,
  );
  const [first] = meeting.steps;
  if (!first || !('room' in first)) throw new Error('expected a snapshot first');
  const { now, room } = first;
  const position = { epoch: 'e', seq: 0, tag: '', seat: 's', role: 'member', last: 0, resumed: false } as const;
  act(() => store.receive([{ t: 'welcome', you: meeting.you, now, room, ...position }], 0));
  act(() => {
    for (const event of meeting.steps.flatMap(step => (Array.isArray(step) ? (step as Event[]) : []))) {
      store.receive([event], 0);
      store.tick(event.at);
      if (is(event)) return;
    }
    throw new Error('it never came to that');
  });
}

const button = (name: string | RegExp): HTMLElement => screen.getByRole('button', { name });

test('whoever is called is told so first, and can begin or pass with one press', async () => {
  seenBy('a member who was there first', event => event.t === 'called' && event.who === 'alice');
  screen.getByRole('heading', { name: 'It is your turn' });
  fireEvent.click(button('Begin'));
  expect(asked).toEqual([{ t: 'begin' }]);
  button('Pass');
});

test('whoever facilitates calls the person whom the button names', () => {
  seenBy('the facilitator', event => event.t === 'hand_moved');
  fireEvent.click(button('Next: Pia'));
  expect(asked).toEqual([{ t: 'call', who: expect.any(String), after: null }]);
});

test('what was written stays until it was accepted, and the reason is told beside it', async () => {
  seenBy('a member who was there first', event => event.t === 'started');
  answer = { ok: false, code: 'chat_closed', message: 'The chat is closed just now.' };
  const field = screen.getByLabelText('Message') as HTMLTextAreaElement;
  fireEvent.input(field, { target: { value: 'Good evening' } });
  fireEvent.submit(field);
  await screen.findByText('The chat is closed just now.');
  expect(field.value).toBe('Good evening');
  answer = { ok: true };
  fireEvent.submit(field);
  await waitFor(() => expect(field.value).toBe(''));
});

test('markup in what others write is text', () => {
  seenBy('a member who was there first', event => event.t === 'started');
  const hostile = '<img src=x onerror=alert(1)>';
  act(() => {
    const said = {
      t: 'said',
      seq: 9999,
      tag: '',
      at: 1,
      by: 'bob',
      message: 'b-9',
      text: hostile,
      to: 'everyone',
    } as const;
    store.receive([said], 0);
  });
  screen.getByText(hostile);
  expect(document.querySelector('img')).toBeNull();
});

test('members see no control that is not theirs', () => {
  seenBy('a member who was there first', event => event.t === 'phase_began' && event.phase === 1);
  expect(screen.queryByRole('button', { name: 'Quiet the room' })).toBeNull();
  expect(screen.queryByRole('button', { name: 'Service' })).toBeNull();
});

test.each([
  ['everything', 'Alice: Hello'],
  ['mine', null],
  ['nothing', null],
] as const)('at the level %s others are read aloud as %s', async (heard, text) => {
  level.value = heard;
  seenBy('the facilitator', event => event.t === 'said');
  await act(async () => {});
  expect(document.querySelector('[aria-live=polite]')?.textContent || null).toBe(text);
  level.value = 'mine';
});

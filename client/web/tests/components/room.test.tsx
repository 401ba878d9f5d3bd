/** The room as it is drawn, from what the rules make of an evening. */
import { act, cleanup, fireEvent, screen, waitFor, within } from '@testing-library/preact';
import { afterEach, expect, test } from 'vitest';
import { level } from '../../src/announce.js';
import type { Event } from '../../src/store/events.js';
import type { Room } from '../../src/store/room.js';
import {
  barriers,
  button,
  choose,
  click,
  evenings,
  eventsOf,
  FACILITATOR,
  fill,
  GREETER,
  MEMBER,
  Page,
  press,
  seenBy,
} from './kit.js';

afterEach(cleanup);

const field = (label: string) => screen.getByLabelText<HTMLInputElement>(label);

test.each(evenings)(
  'the whole evening of $viewer can be drawn, and nothing in it keeps people out',
  async evening => {
    const page = new Page();
    page.comesIn(evening);
    for (const panel of within(screen.getByRole('navigation')).getAllByRole('button')) fireEvent.click(panel);
    const events = eventsOf(evening);
    for (const [index, event] of events.entries()) {
      page.hears(event);
      if (index % 20 === 0) expect(await barriers()).toEqual([]);
    }
    expect(await barriers()).toEqual([]);
  },
  30_000,
);

test('whoever is called is told so first, and can begin or pass with one press', async () => {
  const page = seenBy(MEMBER, event => event.t === 'called' && event.who === 'alice');
  screen.getByRole('heading', { name: 'It is your turn' });
  await press('Begin');
  await press('Pass');
  expect(page.asked).toEqual([{ t: 'begin' }, { t: 'pass' }]);
});

test('that something could not be kept is said until somebody has read it', async () => {
  const page = seenBy(MEMBER, event => event.t === 'began');
  const room = page.store.room.value as Room;
  page.hears({ t: 'snapshot', epoch: 'f', seq: 1, tag: '', now: 1, room, lost: true });
  expect(screen.getByRole('alert').textContent).toContain('could not be kept');
  expect(await barriers()).toEqual([]);
  await press('Understood');
  expect(screen.getByRole('alert').textContent).toBe('');
});

test('the focus stays where one acts, when what had it is taken away', async () => {
  const page = seenBy(MEMBER, event => event.t === 'called' && event.who === 'alice');
  button('Begin').focus();
  page.hears({ t: 'began', seq: 9999, tag: '', at: 1, who: 'alice', share: page.share, ends_at: 60_000 });
  await waitFor(() => expect(document.activeElement).toBe(screen.getByRole('region', { name: 'What you can do now' })));
});

test('a double tap on Begin does not end the share that it began', async () => {
  const page = seenBy(MEMBER, event => event.t === 'began');
  await act(async () => void click(button("I'm done"), 5000, 2));
  expect(page.asked).toEqual([]);
  await press("I'm done");
  expect(page.asked).toEqual([{ t: 'done' }]);
});

test('a share starts with all of its time', () => {
  seenBy(MEMBER, event => event.t === 'began');
  expect(screen.getByRole('timer').textContent).toBe('1:00');
});

test('whoever waits reads and hears which place they have', async () => {
  const page = seenBy(MEMBER, event => event.t === 'hand_raised' && event.who === 'bob');
  screen.getByText(/^You are next\./);
  page.hears({ t: 'hand_moved', seq: 9999, tag: '', at: 1, who: 'alice', place: 1 });
  const place = screen.getByText(/^You are number 2\./);
  expect(place.getAttribute('role')).toBe('status');
  await press('Lower hand');
  expect(page.asked).toEqual([{ t: 'lower_hand' }]);
});

test('whoever facilitates calls the person whom the button names, if the floor is still as it was', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'hand_moved');
  await press('Next: Pia');
  expect(page.asked).toEqual([{ t: 'call', who: expect.any(String), after: null }]);
});

test('whoever keeps the time has the share’s clock in reach', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'began');
  for (const name of ['+ 1 minute', '− 30 seconds', 'Stop the clock', 'Back to the queue', 'End this share'])
    await press(name);
  expect(page.asked).toEqual([
    { t: 'add_time', seconds: 60 },
    { t: 'add_time', seconds: -30 },
    { t: 'stop_clock' },
    { t: 'put_back', who: 'alice' },
    { t: 'stop_share', share: page.share },
  ]);
});

test('one’s own share can be taken back, all of it, with a second press', async () => {
  const page = seenBy(MEMBER, event => event.t === 'shared' && event.n === 1);
  const stage = within(document.querySelector('.stage') as HTMLElement);
  await press('More about what Alice shared');
  await act(async () => void click(stage.getByRole('button', { name: 'Take it back' })));
  await press('Delete it');
  expect(page.asked).toEqual([{ t: 'unsay', message: page.share }]);
});

test('a role is given with a second press, for a list changes with every arrow key', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'phase_began' && event.phase === 1);
  await press('People');
  await press('More about Bob');
  choose('Role', 'timekeeper');
  expect(page.asked).toEqual([]);
  fireEvent.submit(field('Role'));
  expect(page.asked).toEqual([{ t: 'role', who: 'bob', role: 'timekeeper' }]);
});

test('what is open is shut with Escape, and the focus goes back to where it came from', async () => {
  seenBy(FACILITATOR, event => event.t === 'phase_began' && event.phase === 1);
  await press('People');
  await press('More about Bob');
  const role = field('Role');
  role.focus();
  act(() => void fireEvent.keyDown(role, { key: 'Escape' }));
  expect(screen.queryByLabelText('Role')).toBeNull();
  expect(document.activeElement).toBe(button('More about Bob'));
});

test('greeters see who knocks, and let them in', async () => {
  const page = seenBy(GREETER, event => event.t === 'knocked');
  await press(/^Service/);
  await screen.findByRole('heading', { name: 'Service team' });
  await press('Let in Charlie');
  await press('Turn away Charlie');
  expect(page.asked).toEqual([
    { t: 'admit', who: 'charlie' },
    { t: 'deny', who: 'charlie' },
  ]);
});

test('a call for help stays in sight of the service team until somebody has seen to it', async () => {
  const page = seenBy(GREETER, event => event.t === 'help_asked');
  await press(/^Service/);
  await screen.findByRole('heading', { name: 'Service team' });
  screen.getByText('Alice asks for help');
  screen.getByText('Alice reports Bob');
  for (const seen of screen.getAllByRole('button', { name: 'Seen to' })) click(seen);
  await waitFor(() => expect(page.asked.length).toBe(screen.getAllByRole('button', { name: 'Seen to' }).length));
  const requests = page.asked.flatMap(it => it.requests as string[]);
  expect(requests).toEqual(page.store.room.value?.requests.map(({ id }) => id));
  page.hears({ t: 'seen_to', seq: 9999, tag: '', at: 1, by: 'fay', requests });
  await screen.findByText('Nobody needs help just now.');
});

test('all reports of one person are one case, and are seen to together', async () => {
  const page = seenBy(GREETER, event => event.t === 'reported');
  const reported = { t: 'reported', tag: '', at: 1, who: 'bob' } as const;
  page.hears(
    { ...reported, seq: 9998, by: 'charlie', request: 'charlie-1' },
    { ...reported, seq: 9999, by: 'colin', request: 'colin-1', text: 'Again' },
  );
  await press(/^Service/);
  await screen.findByText('3 reports of Bob');
  screen.getByText('Again');
  await press('Seen to');
  expect(page.asked[0]?.requests).toEqual([page.store.room.value?.requests[0]?.id, 'charlie-1', 'colin-1']);
});

test('who has called the service team sees so, and takes it back', async () => {
  const page = seenBy(MEMBER, event => event.t === 'help_asked' && event.by === 'alice');
  await press('Get help now');
  await screen.findByText(/^You called the service team at/);
  await press('I need no more help');
  const calls = page.store.room.value?.requests.filter(({ kind }) => kind === 'help').map(({ id }) => id) ?? [];
  expect(page.asked).toEqual([{ t: 'see_to', requests: calls }]);
  page.hears({ t: 'seen_to', seq: 9999, tag: '', at: 1, by: 'greta', requests: calls });
  expect(screen.queryByText(/^You called/)).toBeNull();
});

test('who keeps the time is told when there is not time for all, and how long would do', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'hand_moved');
  const room = page.store.room.value;
  const at = (room?.phase_ends_at ?? 0) - 130_000 - page.store.offset.value;
  page.hears({ t: 'share_time_changed', seq: 9999, tag: '', at: 1, seconds: 90 });
  act(() => page.store.tick(at));
  screen.getByText('3 wait; there is time for 1 at 1:30 min.');
  expect(screen.queryByRole('button', { name: /^Make it/ })).toBeNull(); // a minute would not do for three either
  act(() => page.store.tick(at - 55_000));
  await press('Make it 1 minute');
  expect(page.asked).toEqual([{ t: 'set_share_time', seconds: 60 }]);
});

test('a share is prepared beforehand, and is there when it is one’s turn', async () => {
  const page = seenBy(MEMBER, event => event.t === 'hand_raised' && event.who === 'alice');
  fill('Your share', 'What I have prepared');
  expect(page.asked).toEqual([]);
  const about = { tag: '', at: 1, who: 'alice', share: 's9' } as const;
  page.hears({ ...about, t: 'called', seq: 9998, answer_by: 30_000 });
  page.hears({ ...about, t: 'began', seq: 9999, ends_at: 60_000 });
  expect(field('Your share').value).toBe('What I have prepared');
  await act(async () => void fireEvent.submit(field('Your share')));
  expect(page.asked).toEqual([{ t: 'share', text: 'What I have prepared' }]);
});

test('one’s own latest message can be taken back with one press', async () => {
  const page = seenBy(MEMBER, event => event.t === 'said' && event.by === 'alice');
  await press(/^Chat/);
  await press('Take it back');
  expect(page.asked).toEqual([{ t: 'unsay', message: expect.any(String) }]);
});

test('commands are typed, with the arrow keys and without', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'hand_moved');
  await press(/^Chat/);
  const box = field('Message');
  fill('Message', '/qu');
  const option = await screen.findByRole('option', { name: /quiet/ });
  fireEvent.keyDown(box, { key: 'ArrowDown' });
  await waitFor(() => expect(box.getAttribute('aria-activedescendant')).toBe(option.id));
  expect(await barriers()).toEqual([]);
  fireEvent.keyDown(box, { key: 'Enter' });
  await waitFor(() => expect(box.value).toBe('/quiet'));
  fireEvent.keyDown(box, { key: 'Enter' });
  await waitFor(() => expect(page.asked).toEqual([{ t: 'quiet' }]));
  expect(screen.getByText('/quiet: done.').closest('[role=status]')).not.toBeNull();
  fill('Message', '/nix');
  fireEvent.submit(box);
  await screen.findByText('There is no command /nix. Nothing was sent.');
  expect(box.value).toBe('/nix');
});

test('quiet takes away what is frozen, and one press gives it back', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'quieted');
  screen.getByText(/^The room is quiet/);
  expect(screen.queryByRole('button', { name: /^Next: / })).toBeNull();
  expect(screen.queryByRole('button', { name: '+ 1 minute' })).toBeNull();
  await press('End quiet');
  expect(page.asked).toEqual([{ t: 'unquiet' }]);
});

test('what was written stays until it was accepted, and the reason is told beside it', async () => {
  const page = seenBy(MEMBER, event => event.t === 'started');
  await press(/^Chat/);
  page.answer = { ok: false, code: 'chat_closed', message: 'The chat is closed just now.' };
  fill('Message', 'Good evening');
  fireEvent.submit(field('Message'));
  await screen.findByText('The chat is closed just now.');
  expect(field('Message').value).toBe('Good evening');
  page.answer = { ok: true };
  fireEvent.submit(field('Message'));
  await waitFor(() => expect(field('Message').value).toBe(''));
});

test('a message goes to whom one has chosen', async () => {
  const page = seenBy(MEMBER, event => event.t === 'started');
  await press(/^Chat/);
  choose('To', 'service');
  fill('Message', 'I am new here');
  await act(async () => void fireEvent.submit(field('Message')));
  expect(page.asked).toEqual([{ t: 'say', text: 'I am new here', to: 'service', reply_to: undefined }]);
});

test('markup in what others write is text', async () => {
  const page = seenBy(MEMBER, event => event.t === 'started');
  await press(/^Chat/);
  const hostile = '<img src=x onerror=alert(1)>';
  const said = { t: 'said', seq: 9999, tag: '', at: 1, by: 'bob', message: 'b-9', text: hostile, to: 'everyone' };
  page.hears(said as Event);
  screen.getByText(hostile);
  expect(document.querySelector('img')).toBeNull();
});

test('members see no control that is not theirs', () => {
  seenBy(MEMBER, event => event.t === 'phase_began' && event.phase === 1);
  for (const name of ['Quiet the room', 'Service', 'Close the queue'])
    expect(screen.queryByRole('button', { name })).toBeNull();
});

test('leaving takes a second press', async () => {
  const page = seenBy(MEMBER, event => event.t === 'started');
  await press('You');
  await press('Leave the meeting');
  expect(page.left).toBe(0);
  await press('Leave now');
  expect(page.left).toBe(1);
});

test.each([
  ['everything', 'Alice: Hello'],
  ['mine', null],
  ['nothing', null],
] as const)('at the level %s others are read aloud as %s', async (heard, text) => {
  level.value = heard;
  seenBy(FACILITATOR, event => event.t === 'said');
  await act(async () => {});
  expect(document.querySelector('[aria-live=polite]')?.textContent || null).toBe(text);
  level.value = 'mine';
});

test('one’s own clock is read aloud at each of its steps, and no other’s', async () => {
  const page = seenBy(MEMBER, event => event.t === 'began');
  await act(async () => {});
  const endsAt = page.store.room.value?.floor?.ends_at ?? 0;
  const said = () => document.querySelector('[aria-live=assertive]')?.textContent ?? '';
  for (const [left, text] of [
    [19_000, 'About 20 seconds left. There is no hurry.'],
    [14_000, '15 seconds left: perhaps a last sentence.'],
    [0, 'Your time is up. Finish your thought.'],
    [-30_000, 'Half a minute over. Please find an end.'],
    [-60_000, 'A minute over. Please stop here, and thank you.'],
  ] as const) {
    await act(async () => page.store.tick(endsAt - left - page.store.offset.value));
    expect(said()).toContain(text);
  }
});

test('the clock of another’s share is not read aloud', async () => {
  const page = seenBy(FACILITATOR, event => event.t === 'began');
  await act(async () => {});
  await act(async () => page.store.tick((page.store.room.value?.floor?.ends_at ?? 0) - 14_000));
  expect(document.querySelector('[aria-live=assertive]')?.textContent).not.toContain('15 seconds');
});

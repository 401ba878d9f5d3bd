/** Lines that people type, as the page understands them. */
import { expect, test } from 'vitest';
import { completions, type Sight, understand, WORDS } from '../src/components/typed.js';
import { apply } from '../src/store/apply.js';
import { fromSnapshot, type Role, type Room } from '../src/store/room.js';
import { evenings, eventsOf, FACILITATOR } from './components/kit.js';

/** The evening as the facilitator sees it, after as many events as it takes until `is` holds. */
function roomAfter(is: (room: Room) => boolean): Room {
  const evening = evenings.find(it => it.viewer === FACILITATOR);
  const [first] = evening?.steps ?? [];
  if (!evening || !first || !('room' in first)) throw new Error('expected an evening');
  let room = fromSnapshot(first.room, evening.you, null);
  for (const event of eventsOf(evening)) {
    if (is(room)) return room;
    room = apply(room, event);
  }
  throw new Error('it never came to that');
}

const queued = roomAfter(room => room.queue.hands.length === 3);
const shared = roomAfter(room => room.floor?.state === 'sharing');
const sight = (room: Room, more: Partial<Sight> = {}): Sight => ({
  room,
  aim: room,
  now: room.starts_at,
  role: 'facilitator',
  replyTo: null,
  ...more,
});
const asked = (line: string, room = queued, more: Partial<Sight> = {}) => {
  const understood = understand(line, sight(room, more));
  return understood.is === 'ask' ? understood.command : understood.is;
};
const hand = (place: number) => queued.queue.hands[place]?.who ?? '';

test.each([
  ['Good evening', { is: 'say', text: 'Good evening' }],
  ['//next is what I typed', { is: 'say', text: '/next is what I typed' }],
  ['done', { is: 'say', text: 'done' }],
  ['!important', { is: 'say', text: '!important' }],
])('%s is said', (line, understood) => expect(understand(line, sight(queued))).toEqual(understood));

test.each([
  ['!', { t: 'raise_hand' }],
  ['! sleep', { t: 'raise_hand', topic: 'sleep' }],
  ['/lower', { t: 'lower_hand' }],
  ['/quiet', { t: 'quiet' }],
  ['/UNQUIET', { t: 'unquiet' }],
  ['/mute bob', { t: 'mute', who: 'bob' }],
  ['/mute Bo', { t: 'mute', who: 'bob' }],
  ['/remove bob', { t: 'remove', who: 'bob', block: true }],
  ['/remove-only bob', { t: 'remove', who: 'bob', block: false }],
  ['/move bob 1', { t: 'move_hand', who: 'bob', place: 0 }],
  ['/direct alice How are you?', { t: 'say', text: 'How are you?', to: 'alice' }],
  ['/team somebody is in need', { t: 'say', text: 'somebody is in need', to: 'service' }],
  ['/add 1:30', { t: 'add_time', seconds: 90 }],
  ['/add -30s', { t: 'add_time', seconds: -30 }],
  ['/extend 5', { t: 'add_minutes', minutes: 5 }],
  ['/sharetime 2', { t: 'set_share_time', seconds: 120 }],
  ['/phase next', { t: 'next_phase', from: 1 }],
  ['/phase 3', { t: 'go_to', phase: 2, from: 1 }],
  ['/assign 1 bob', { t: 'assign', phase: 0, who: 'bob' }],
  ['/end', { t: 'end', from: 'running' }],
  ['/chat slow 20', { t: 'chat', mode: 'slow', every: 20 }],
  ['/role bob timekeeper', { t: 'role', who: 'bob', role: 'timekeeper' }],
  ['/handover Alice', { t: 'hand_over', who: 'alice' }],
  ['/milestone 90 days', { t: 'celebrate', count: 90, unit: 'days' }],
  ['/add-person Pia Two', { t: 'add_person', name: 'Pia Two' }],
])('%s', (line, command) => expect(asked(line)).toEqual(command));

test('what was asked is seen to by the name of who asked, or was reported', () => {
  const help = { t: 'help_asked', seq: 1, tag: '', at: 1, by: 'alice', request: 'alice-1' } as const;
  const report = { t: 'reported', seq: 2, tag: '', at: 1, by: 'alice', who: 'bob', request: 'alice-2' } as const;
  const needed = [help, report].reduce(apply, queued);
  expect(asked('/seen bob', needed)).toEqual({ t: 'see_to', requests: ['alice-2'] });
  expect(asked('/seen al', needed)).toEqual({ t: 'see_to', requests: ['alice-1', 'alice-2'] });
  expect(asked('/seen greta', needed)).toBe('problem');
  expect(completions('/seen B', sight(needed)).map(it => it.line)).toEqual(['/seen Bob ']);
});

test.each(['/nix', '/mute', '/mute nobody', '/mute a b', '/move bob 0', '/add soon', '/phase 99', '/chat loud'])(
  '%s sends nothing, and says why',
  line => expect(asked(line)).toBe('problem'),
);

test('done ends the share of whoever has the floor', () => {
  const mine = { ...shared, you: shared.floor?.who ?? '' };
  expect(asked('done', mine)).toEqual({ t: 'done' });
});

test('/next means whom it meant when the line was begun', () => {
  const [ana, bob] = [hand(0), hand(1)];
  expect(asked('/next')).toEqual({ t: 'call', who: ana, after: null });
  const called = { t: 'called', seq: 1, tag: '', at: 1, who: ana, share: 's9', answer_by: 2 } as const;
  const after = apply(queued, called);
  expect(asked('/next', after, { aim: queued })).toEqual({ t: 'call', who: ana, after: null });
  expect(asked('/next', after)).toEqual({ t: 'call', who: bob, after: 's9' });
});

test('a pin is of the message that one replies to, else of the latest to everyone', () => {
  const latest = queued.chat.messages.findLast(it => it.to === 'everyone');
  expect(asked('/pin')).toEqual({ t: 'pin', message: latest?.id });
  const [first = null] = queued.chat.messages;
  expect(asked('/pin', queued, { replyTo: first })).toEqual({ t: 'pin', message: first?.id });
});

test.each([
  ['member', '/quiet'],
  ['greeter', '/next'],
  ['timekeeper', '/mute bob'],
  ['cofacilitator', '/handover bob'],
] as [Role, string][])('a %s has no %s', (role, line) => expect(asked(line, queued, { role })).toBe('problem'));

test('a command is completed by its beginning, and then by the names it may mean', () => {
  const offered = (line: string, role: Role = 'facilitator') =>
    completions(line, sight(queued, { role })).map(it => it.line);
  expect(offered('/qu')).toEqual(['/quiet']);
  expect(offered('/mu')).toEqual(['/mute ']);
  expect(offered('/mute b')).toEqual(['/mute Bob ']);
  expect(offered('/', 'member')).not.toContain('/quiet');
  expect(offered('/')).toHaveLength(Object.keys(WORDS).length);
  expect(offered('qu')).toEqual([]);
  expect(offered('//')).toEqual([]);
});

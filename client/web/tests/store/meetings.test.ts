/** The store against the rules themselves: a snapshot and the events after it make the next snapshot. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { apply, isKnown } from '../../src/store/apply.js';
import type { Event } from '../../src/store/events.js';
import { expectedAt, fits } from '../../src/store/queue.js';
import { fromSnapshot, type Hand, type Room, type Snapshot } from '../../src/store/room.js';

/** A snapshot as it travels, with what the store works out for itself. */
type WireSnapshot = Omit<Snapshot, 'queue'> & {
  readonly queue: Omit<Snapshot['queue'], 'hands'> & {
    readonly fits: number | null;
    readonly hands: readonly (Hand & { readonly expected_at: number | null })[];
  };
};
interface Seen {
  readonly now: number;
  readonly room: WireSnapshot;
}
interface Meeting {
  readonly viewer: string;
  readonly you: string;
  readonly steps: readonly (Seen | readonly Event[])[];
}

const meetings: readonly Meeting[] = JSON.parse(readFileSync('tests/fixtures/meetings.json', 'utf8'));

/** What a snapshot would show of it. */
function shown(room: Room) {
  const { names: _, gone: __, past: ___, you: ____, ...snapshot } = room;
  const { hands, open, share_seconds } = snapshot.queue;
  return {
    ...snapshot,
    queue: { open, share_seconds, hands: hands.map(({ who, topic, at }) => ({ who, topic: topic ?? null, at })) },
  };
}

/** The steps in threes: a snapshot, the events after it, the next snapshot. */
const spans = ({ you, steps }: Meeting) =>
  steps.flatMap((events, index) => {
    const [before, after] = [steps[index - 1], steps[index + 1]];
    return Array.isArray(events) && before && after ? [{ you, before, events, after } as Span] : [];
  });
interface Span {
  readonly you: string;
  readonly before: Seen;
  readonly events: readonly Event[];
  readonly after: Seen;
}

describe.each(meetings)('as seen by $viewer', meeting => {
  test('snapshot and events make the next snapshot', () => {
    for (const { you, before, events, after } of spans(meeting)) {
      const room = events.reduce(apply, fromSnapshot(before.room, you, null));
      expect(shown(room)).toEqual(shown(fromSnapshot(after.room, you, null)));
    }
  });

  test('the events of a whole evening make the last snapshot', () => {
    const [first] = meeting.steps as readonly Seen[];
    const last = meeting.steps.at(-1) as Seen;
    if (!first) throw new Error('expected a snapshot');
    const events = meeting.steps.filter(step => Array.isArray(step)).flat() as Event[];
    const room = events.reduce(apply, fromSnapshot(first.room, meeting.you, null));
    expect(shown(room)).toEqual(shown(fromSnapshot(last.room, meeting.you, null)));
  });

  test('the queue promises what the server promises', () => {
    for (const { now, room: snapshot } of meeting.steps.filter(step => !Array.isArray(step)) as readonly Seen[]) {
      const room = fromSnapshot(snapshot, meeting.you, null);
      expect(fits(room, now)).toEqual(snapshot.queue.fits);
      const hands = snapshot.queue.hands;
      expect(hands.map((_, place) => expectedAt(room, place, now))).toEqual(hands.map(hand => hand.expected_at));
    }
  });

  test('every event is known, and none changes what was there before it', () => {
    for (const { you, before, events } of spans(meeting)) {
      let room = fromSnapshot(before.room, you, null);
      for (const event of events) {
        expect(isKnown(event)).toBe(true);
        const frozen = structuredClone(room);
        const after = apply(room, event);
        expect(room).toEqual(frozen);
        room = after;
      }
    }
  });
});

/** The page in the hands of somebody who was there in one of the evenings that the rules have made. */
import { readFileSync } from 'node:fs';
import { signal } from '@preact/signals';
import { act, createEvent, fireEvent, render, screen } from '@testing-library/preact';
import axe from 'axe-core';
import { App } from '../../src/components/App.js';
import { type App as Actions, AppProvider, type Meeting } from '../../src/components/context.js';
import type { Lines } from '../../src/components/HelpLines.js';
import type { Event } from '../../src/store/events.js';
import type { Command, Outcome, ServerMessage } from '../../src/store/messages.js';
import type { Snapshot } from '../../src/store/room.js';
import { Store } from '../../src/store/store.js';

export interface Evening {
  readonly viewer: string;
  readonly you: string;
  /** A snapshot, the events after it, the next snapshot, and so on. */
  readonly steps: readonly ({ readonly now: number; readonly room: Snapshot } | readonly Event[])[];
}

export const evenings: readonly Evening[] = JSON.parse(readFileSync('tests/fixtures/meetings.json', 'utf8'));

const HELP: Lines = {
  written: '2026-11-24',
  country: [
    { code: 'DE', emergency: ['112'], line: [{ name: 'Zuhören', number: '0800 1', checked: '2026-11-03' }] },
    { code: 'FR', emergency: ['15'] },
  ],
};

export const MEMBER = 'a member who was there first';
export const LATECOMER = 'a member';
export const FACILITATOR = 'the facilitator';
export const GREETER = 'a greeter';

/** One page: what it shows, what was asked for through it, and what the answer will be. */
export class Page {
  readonly store = new Store(0);
  readonly asked: Command[] = [];
  readonly joined: { name?: string; passcode?: string }[] = [];
  left = 0;
  fled = 0;
  answer: Outcome = { ok: true };

  constructor(meeting: Partial<Meeting> = {}, given: { key?: boolean; passcode?: boolean } = {}) {
    const actions: Actions = {
      store: this.store,
      meeting: signal({ name: 'A circle', ...meeting }),
      hasKey: signal(given.key ?? false),
      hasPasscode: signal(given.passcode ?? false),
      typed: { name: signal(''), passcode: signal('') },
      prepare: () => {},
      join: entry => this.joined.push(entry),
      leave: () => this.left++,
      askAgain: () => {},
      leaveQuickly: () => this.fled++,
      fetchHelp: async () => HELP,
      fetchNext: async () => [{ slug: 'grief', name: 'Grief circle', starts_at: 1, is_open: true }],
      send: async command => {
        this.asked.push(command);
        return this.answer;
      },
      type: () => {},
    };
    render(
      <AppProvider value={actions}>
        <App />
      </AppProvider>,
    );
  }

  /** The share that has the floor. */
  get share(): string {
    return this.store.room.value?.floor?.share ?? '';
  }

  hears(...messages: ServerMessage[]): void {
    act(() => this.store.receive(messages, 0));
  }

  /** The line has ended for good. */
  ends(code: number): void {
    act(() => this.store.lineIs({ is: 'closed', code }));
  }

  comesIn(evening: Evening): void {
    const [first] = evening.steps;
    if (!first || !('room' in first)) throw new Error('expected a snapshot first');
    const { now, room } = first;
    const position = { epoch: 'e', seq: 0, tag: '', seat: 's', role: 'member', last: 0, resumed: false } as const;
    this.hears({ t: 'welcome', you: evening.you, now, room, ...position });
  }
}

/** The page of that viewer, after as many events as it takes until `is` holds. */
export function seenBy(viewer: string, is: (event: Event) => boolean): Page {
  const evening = evenings.find(it => it.viewer === viewer);
  if (!evening) throw new Error(`expected a viewer of the fixtures, not ${viewer}`);
  const page = new Page();
  page.comesIn(evening);
  for (const event of eventsOf(evening)) {
    page.hears(event);
    if (is(event)) return page;
  }
  throw new Error('it never came to that');
}

export const eventsOf = (evening: Evening): Event[] => evening.steps.filter(step => Array.isArray(step)).flat();

export const button = (name: string | RegExp): HTMLElement => screen.getByRole('button', { name });

/** Press the button of that name, having looked at it for a while, and wait for what comes of it. */
export const press = (name: string | RegExp) => act(async () => void click(button(name)));

/** A click `after` so many ms have gone by, by a pointer; `detail`: which of a double tap's, 0 for a keyboard's. */
export function click(element: HTMLElement, after = 5000, detail = 1): void {
  const event = createEvent.click(element, { detail });
  Object.defineProperty(event, 'timeStamp', { value: performance.now() + after });
  fireEvent(element, event);
}

/** Fill in the field of that label. */
export const fill = (label: string, value: string): void => {
  fireEvent.input(screen.getByLabelText(label), { target: { value } });
};

/** Choose from the list of that label. */
export const choose = (label: string, value: string): void => {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
};

/** What axe finds that keeps people out. Colours and sizes are looked at in a real browser (tests/e2e). */
export async function barriers(): Promise<string[]> {
  const rules = { 'color-contrast': { enabled: false }, 'target-size': { enabled: false } };
  const { violations } = await axe.run(document.body, { rules, resultTypes: ['violations'] });
  return violations.map(it => `${it.id}: ${it.nodes[0]?.html}`);
}

/** The page's beginning: what the shell and the link say, the line, the clock; and then the components. */
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import { App } from './components/App.js';
import { type App as Actions, AppProvider, type Meeting } from './components/context.js';
import { beforeLeaving, leaveQuickly, socketTo } from './early.js';
import { asLanguage, groupWords, speak } from './i18n.js';
import { Store } from './store/store.js';
import { type Entry, Line } from './wire/line.js';
import './styles/main.css';

const TYPING_EVERY = 2000; // ms
const SETTLED = 10_000; // ms
const DRAWN_EVERY = 100; // ms

const root = document.getElementById('room');
if (root) {
  // The server has chosen among the browser's languages, or knows the one that was chosen here before.
  await speak(asLanguage(document.documentElement.lang) ?? 'en');
  start(root, root.dataset.room ?? '', JSON.parse(root.dataset.meeting ?? '{"name":""}'));
}

function start(root: HTMLElement, room: string, described: Meeting): void {
  let secrets = takeSecrets();
  const store = new Store(Date.now(), calmly());
  const line = new Line(location.origin.replace(/^http/, 'ws'), room, store, {
    storage: storage(),
    open: socketTo,
    random: Math.random,
  });
  const meeting = signal(described);
  const hasKey = signal(secrets.key !== undefined);
  const hasPasscode = signal(secrets.passcode !== undefined);
  // The server's form was there before us, and may be in use already: nothing of it is lost.
  const before = root.querySelector('input');
  const controls = () => [...root.querySelectorAll<HTMLElement>('a, button, input')];
  const focused = controls().findIndex(it => it === document.activeElement);
  const typed = { name: signal(before?.value ?? ''), passcode: signal('') };
  const leave = () => {
    typed.name.value = '';
    line.leave();
  };
  beforeLeaving(leave);
  const app: Actions = {
    store,
    meeting,
    hasKey,
    hasPasscode,
    typed,
    prepare: () => line.prepare(),
    join: entry => line.join({ ...secrets, ...entry }),
    leave,
    leaveQuickly,
    fetchHelp: () => fetched('/help.json'),
    fetchNext: async () => (await fetched('/next.json')).meetings,
    askAgain: () => {
      store.page.value = { at: 'join' };
    },
    send: command => line.send(command),
    type: typing(on => line.mention({ t: 'typing', on })),
  };
  // Somebody who is here already opens a role's link in the same tab.
  addEventListener('hashchange', () => {
    const given = takeSecrets();
    secrets = { ...secrets, ...given };
    hasKey.value = secrets.key !== undefined;
    hasPasscode.value = secrets.passcode !== undefined;
    if (line.hasSeat && given.key) line.join(given);
  });
  effect(() => {
    groupWords.value = Object.values(store.parts.rules?.words ?? {});
  });
  keepTime(store);
  addEventListener('pageshow', () => line.wake());
  addEventListener('online', () => line.wake(true));
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && line.wake());

  if (line.hasSeat) line.join(secrets);
  else line.prepare();
  root.replaceChildren();
  render(
    <AppProvider value={app}>
      <App />
    </AppProvider>,
    root,
  );
  const after = controls()[focused];
  after?.focus({ preventScroll: true });
  if (before && after instanceof HTMLInputElement && after.type === before.type)
    after.setSelectionRange(before.selectionStart, before.selectionEnd);
  installable();
}

/** What the link's fragment brings: never sent in an address, and taken out of sight at once. */
function takeSecrets(): Entry {
  const given = new URLSearchParams(location.hash.slice(1).replaceAll('+', '%2B'));
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  const key = given.get('key');
  const passcode = given.get('passcode');
  return { ...(key && { key }), ...(passcode && { passcode }) };
}

function storage(): Storage | null {
  try {
    return sessionStorage;
  } catch {
    return null;
  }
}

async function fetched(path: string) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`expected an answer from ${path}`);
  return answer.json();
}

/** Keep the shell for the next time (server/pages/static/worker.js), once the line is free. */
function installable(): void {
  if ('serviceWorker' in navigator)
    setTimeout(() => void navigator.serviceWorker.register('/worker.js').catch(() => {}), SETTLED);
}

/** Move the store's clock on at each full second of the room's clock, so that all pages show the same second. */
function keepTime(store: Store): void {
  const tick = () => {
    store.tick(Date.now());
    setTimeout(tick, 1000 - (Math.round(store.now.peek()) % 1000));
  };
  tick();
}

/** Draw at once what comes alone, and what comes close after it only every so often. */
function calmly(): (draw: () => void) => void {
  let drawnAt = 0;
  let isDue = false;
  return draw => {
    if (isDue) return;
    const drawNow = () => {
      isDue = false;
      drawnAt = performance.now();
      draw();
    };
    const wait = drawnAt + DRAWN_EVERY - performance.now();
    if (wait <= 0) return drawNow();
    isDue = true;
    setTimeout(drawNow, wait);
  };
}

/** Say that one types at most every so often, and at once that one does not any more. */
function typing(say: (on: boolean) => void): (on: boolean) => void {
  let saidAt = 0;
  return on => {
    const now = Date.now();
    if (on && now - saidAt < TYPING_EVERY) return;
    if (!on && saidAt === 0) return;
    saidAt = on ? now : 0;
    say(on);
  };
}

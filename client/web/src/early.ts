/**
 * What need not wait for the rest of the page: the way out, and the line. This file imports nothing, so that on a slow
 * line it is there, and does both, a second or more before the page's other scripts.
 */

const PRESSES = 3;
const WITHIN = 1500; // ms
const FRESH = 4_000; // ms; the server waits for 10 s for a hello, and the line needs its part of them (wire/line.ts)

// A browser reads JSON by itself, faster than a script reads MessagePack; and that script is a tenth of all (docs/decisions).
export const SUBPROTOCOL = 'openchair.v1.json';

let tell = () => {};

/** `goodbye` is said to the room, if the line still carries it, whenever somebody leaves quickly. */
export function beforeLeaving(goodbye: () => void): void {
  tell = goodbye;
}

/** "Leave quickly": forget everything here and go to a neutral page, which takes this one's place in the tab's history. */
export function leaveQuickly(): void {
  const to = document.getElementById('room')?.dataset.leave ?? 'about:blank';
  document.documentElement.hidden = true; // whatever the line does, nothing is to be seen from here on
  addEventListener('pagehide', forget); // what is still written on the way out goes, too
  tell();
  forget();
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not everywhere
  document.cookie = 'language=; path=/; max-age=0';
  location.replace(to);
}

function forget(): void {
  try {
    sessionStorage.clear();
  } catch {
    // A storage that may not be used keeps nothing, either.
  }
}

let presses: number[] = [];

/** Escape three times in a row, wherever the focus is. */
function press(event: KeyboardEvent): void {
  if (event.repeat) return;
  presses = event.key === 'Escape' ? [...presses, event.timeStamp].slice(-PRESSES) : [];
  const [first, last] = [presses[0] ?? 0, presses[PRESSES - 1]];
  if (last !== undefined && last - first < WITHIN) leaveQuickly();
}

/** The link of the page as the server sends it, which is not yet a button of ours. */
function follow(event: MouseEvent): void {
  if (!(event.target instanceof Element) || !event.target.closest('#leave')) return;
  event.preventDefault();
  leaveQuickly();
}

let opened: { socket: WebSocket; until: number } | null = null;

/** Where the room is to be reached that this page is of. */
const address = (): string =>
  `${location.origin.replace(/^http/, 'ws')}/rooms/${location.pathname.replace(/^\/r\//, '')}/socket`;

function open(): void {
  const socket = new WebSocket(address(), SUBPROTOCOL);
  const drop = () => {
    if (opened?.socket !== socket) return;
    opened = null;
    socket.close();
  };
  socket.onmessage = drop; // a word before the hello is a no, and will be said again to who asks
  setTimeout(drop, FRESH);
  opened = { socket, until: performance.now() + FRESH };
}

/** The socket to `url` that was opened while the page was on its way, once and while it is fresh; else a new one. */
export function socketTo(url: string, subprotocol: string): WebSocket {
  const early = opened;
  if (early?.socket.url !== url || early.until < performance.now() || early.socket.readyState > WebSocket.OPEN)
    return new WebSocket(url, subprotocol);
  opened = null;
  early.socket.onmessage = null;
  return early.socket;
}

addEventListener('keydown', press, true);
addEventListener('click', follow);
if (location.pathname.startsWith('/r/')) open();

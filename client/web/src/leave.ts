/** "Leave quickly": at once to a neutral page, which takes the place of this one in the tab's history. */

const PRESSES = 3;
const WITHIN = 1500; // ms

/** Forget everything here and go to `to`. `tell` says goodbye to the room, if the line still carries it. */
export function leaveQuickly(to: string, tell: () => void): void {
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

/** Call `leave` when Escape is pressed three times in a row, wherever the focus is. */
export function onThreeEscapes(leave: () => void): void {
  let presses: number[] = [];
  const press = (event: KeyboardEvent) => {
    if (event.repeat) return;
    presses = event.key === 'Escape' ? [...presses, event.timeStamp].slice(-PRESSES) : [];
    const [first, last] = [presses[0] ?? 0, presses[PRESSES - 1]];
    if (last !== undefined && last - first < WITHIN) leave();
  };
  addEventListener('keydown', press, true);
}

/** A moment of applause for a milestone. It lies over the page, so that nothing moves; and never over somebody's share. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Celebration } from '../store/room.js';
import { useApp, useRoom } from './context.js';
import { milestoneInWords } from './Milestones.js';

const LASTS = 7000; // ms
const MOST_WAITING = 3;

export function Applause() {
  const { store } = useApp();
  const room = useRoom();
  const waiting = useSignal<readonly Celebration[]>([]);
  useEffect(
    () =>
      store.watch((_, event, after) => {
        const told = event.t === 'celebrated' ? after.celebrations.at(-1) : undefined;
        if (told) waiting.value = [...waiting.peek(), told].slice(-MOST_WAITING);
      }),
    [store, waiting],
  );
  const isFree = !room.quiet && (room.floor === null || room.floor.state === 'called');
  const shown = isFree ? waiting.value[0] : undefined;
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(() => {
      waiting.value = waiting.peek().slice(1);
    }, LASTS);
    return () => clearTimeout(timer);
  }, [shown, waiting]);
  if (!shown) return null;
  return (
    <p class="applause" aria-hidden="true">
      <span>👏 🎉 👏</span> <strong dir="auto">{milestoneInWords(room, shown)}</strong>
    </p>
  );
}

/** Long lists, drawn a piece at a time: what can be seen first, and the page stays quick to the touch. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

const PIECE = 30;

/** How many of `count` to draw now: one piece at first, and one more whenever the page has drawn the last. */
export function useGradually(count: number): number {
  const shown = useSignal(PIECE);
  useEffect(() => {
    if (shown.value >= count) return;
    const timer = setTimeout(() => {
      shown.value += PIECE;
    });
    return () => clearTimeout(timer);
  }, [shown.value, count, shown]);
  return shown.value;
}

/** Long lists, shown a piece at a time: whatever is on the page is laid out again, and that costs an old phone its breath. */
import { useSignal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { soon } from './soon.js';

export const PIECE = 30;
const STEP = 8;

/** How many of a list to show, how many of them are drawn so far, and how to show a piece more. */
export function usePieces(): [shown: number, drawn: number, more: () => void] {
  const shown = useSignal(PIECE);
  const more = () => {
    shown.value += PIECE;
  };
  return [shown.value, useStepwise(shown.value), more];
}

/** Up to `wanted`, a few more in each task: a press or a word that comes in between waits for those few alone. */
function useStepwise(wanted: number): number {
  const drawn = useSignal(STEP);
  const soFar = drawn.value;
  useEffect(() => {
    if (soFar >= wanted) return;
    return soon(() => {
      drawn.value = soFar + STEP;
    });
  }, [soFar, wanted, drawn]);
  return Math.min(soFar, wanted);
}

/**
 * The same of a list that grows at its end: the index of the first to show, and how to show a piece before it. For who
 * reads the end it goes along; for who reads further up it stays where it is, so that nothing moves.
 */
export function useLatest(all: readonly { readonly id: string }[], isAtEnd: RefObject<boolean>): [number, () => void] {
  const first = useRef<string | undefined>(undefined);
  const asked = useSignal(0);
  void asked.value; // it is drawn anew when more is asked for
  const drawn = useStepwise(PIECE);
  const held = isAtEnd.current ? -1 : all.findIndex(it => it.id === first.current);
  const from = held >= 0 ? held : Math.max(0, all.length - drawn);
  first.current = all[from]?.id;
  const earlier = () => {
    first.current = all[Math.max(0, from - PIECE)]?.id;
    asked.value++;
  };
  return [from, earlier];
}

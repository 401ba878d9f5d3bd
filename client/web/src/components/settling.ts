/**
 * Whoever presses a button means what it said when they aimed at it. Two facilitators press "Next: Ana" together: the
 * first calls her, and just before the second's finger lands the same button says "Next: Bob". So a button whose meaning
 * has changed does not act on a press that was begun before people could see it, and says what it is now.
 */
import { useSignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext, useLayoutEffect, useRef } from 'preact/hooks';

/** So long (ms) a press may have been on its way already: to see, to move a thumb, to land. */
export const SETTLES = 1000;
/** The same for keyboards and screen readers: what has changed must be heard first. */
const SETTLES_UNSEEN = 2 * SETTLES;

/** True in what was just opened by hand: what is new there was asked for, and nobody aimed at anything else. */
export const OpenedByHand = createContext(false);

export interface Settling {
  /** It has changed just now, and does not act yet. */
  readonly isSettling: boolean;
  /** A press has begun. */
  readonly begin: (event: UIEvent) => void;
  /** Whether the click that has come of it was meant for what the button means now. */
  readonly isMeant: (event: MouseEvent) => boolean;
}

/** Guards a button that does what `meaning` says; undefined where that never changes. */
export function useSettling(meaning: string | undefined): Settling {
  const isByHand = useContext(OpenedByHand);
  const isNew = useRef(true);
  const changedAt = useRef(Number.NEGATIVE_INFINITY);
  const begunAt = useRef<number | null>(null);
  const isSettling = useSignal(false);
  useLayoutEffect(() => {
    const isAskedFor = isNew.current && isByHand;
    isNew.current = false;
    if (meaning === undefined || isAskedFor) return;
    const change = () => {
      changedAt.current = performance.now();
    };
    change();
    isSettling.value = true;
    const seen = requestAnimationFrame(change); // a slow page shows it later than it knows it
    const timer = setTimeout(() => {
      isSettling.value = false;
    }, SETTLES);
    return () => {
      cancelAnimationFrame(seen);
      clearTimeout(timer);
    };
  }, [meaning]);
  return {
    isSettling: isSettling.value,
    begin: event => {
      begunAt.current = event.type.endsWith('cancel') ? null : event.timeStamp;
    },
    isMeant: event => {
      const begun = Math.min(begunAt.current ?? event.timeStamp, event.timeStamp);
      begunAt.current = null;
      const settles = event.detail === 0 ? SETTLES_UNSEEN : SETTLES;
      // The second half of a double tap is not meant for what the first half has brought.
      return meaning === undefined || (event.detail <= 1 && begun - changedAt.current >= settles);
    },
  };
}

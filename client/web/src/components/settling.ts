/**
 * Whoever presses a button means what it said when they aimed at it. Two facilitators press "Next: Ana" together: the
 * first calls her, and just before the second's finger lands the same button says "Next: Bob". So a button whose meaning
 * has changed does not act on a press that was begun before people could see it, and says what it is now.
 */
import { useSignal } from '@preact/signals';
import { createContext, type RefObject } from 'preact';
import { useContext, useLayoutEffect, useRef } from 'preact/hooks';

/** So long (ms) a press may have been on its way already: to see, to move a thumb, to land. */
export const SETTLES = 1000;
/** The same where the keyboard's focus is on it: what has changed is told, and must be heard first. */
const SETTLES_HEARD = 2 * SETTLES;

/** True in what was just opened by hand: what is new there was asked for, and nobody aimed at anything else. */
export const OpenedByHand = createContext(false);

export interface Settling {
  readonly button: RefObject<HTMLButtonElement | null>;
  /** It has changed just now, and does not act yet. */
  readonly isSettling: boolean;
  /** A press has begun. */
  readonly begin: (event: UIEvent) => void;
  /** Whether the click that has come of it was meant for what the button means now. */
  readonly isMeant: (event: MouseEvent) => boolean;
}

/** Guards a button that does what `meaning` says; undefined where that never changes. `onChange`: under the focus. */
export function useSettling(meaning: string | undefined, onChange: (name: string) => void): Settling {
  const button = useRef<HTMLButtonElement>(null);
  const isByHand = useContext(OpenedByHand);
  const isNew = useRef(true);
  const settledAt = useRef(Number.NEGATIVE_INFINITY);
  const begunAt = useRef<number | null>(null);
  const isSettling = useSignal(false);
  useLayoutEffect(() => {
    const wasThere = !isNew.current;
    isNew.current = false;
    if (meaning === undefined || (!wasThere && isByHand)) return;
    const hasFocus = wasThere && button.current?.matches(':focus-visible');
    const settles = hasFocus ? SETTLES_HEARD : SETTLES;
    if (hasFocus) onChange(button.current?.textContent ?? '');
    let timer: ReturnType<typeof setTimeout> | undefined;
    const change = () => {
      settledAt.current = performance.now() + settles;
      isSettling.value = true;
      clearTimeout(timer);
      timer = setTimeout(() => {
        isSettling.value = false;
      }, settles);
    };
    change();
    const seen = requestAnimationFrame(change); // a slow page shows it later than it knows it
    return () => {
      cancelAnimationFrame(seen);
      clearTimeout(timer);
    };
  }, [meaning]);
  return {
    button,
    isSettling: isSettling.value,
    begin: event => {
      begunAt.current = event.type.endsWith('cancel') ? null : event.timeStamp;
    },
    isMeant: event => {
      const begun = Math.min(begunAt.current ?? event.timeStamp, event.timeStamp);
      begunAt.current = null;
      // The second half of a double tap is not meant for what the first half has brought.
      return meaning === undefined || (event.detail <= 1 && begun >= settledAt.current);
    },
  };
}

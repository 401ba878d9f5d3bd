/** Parts of the page that not everybody needs: fetched when they are first shown, so that the room itself comes soon. */
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

const AGAIN = 3000; // ms, where the line did not bring it

type Component<P> = (props: P) => ComponentChildren;

/** A component that is nothing until `load` has brought it. */
export function later<P extends object>(load: () => Promise<Component<P>>): Component<P> {
  const loaded = signal<{ readonly it: Component<P> } | null>(null);
  const bring = () => {
    load().then(
      it => {
        loaded.value = { it };
      },
      () => setTimeout(bring, AGAIN),
    );
  };
  return props => {
    useEffect(() => {
      if (!loaded.peek()) bring();
    }, []);
    const Loaded = loaded.value?.it;
    return Loaded ? <Loaded {...props} /> : null;
  };
}

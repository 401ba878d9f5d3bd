/** Reads aloud what happens, to those who listen to the page. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { type Announcement, announcement, level } from '../announce.js';
import { useApp } from './context.js';

const KEPT = 5; // so that what comes quickly one after the other is read all the same

export function Announcer() {
  const { store } = useApp();
  const spoken = useSignal<readonly (Announcement & { readonly seq: number })[]>([]);
  useEffect(
    () =>
      store.watch((before, event, after) => {
        const news = announcement(before, event, after, level.peek());
        if (news) spoken.value = [...spoken.peek(), { ...news, seq: event.seq }].slice(-KEPT);
      }),
    [store, spoken],
  );
  const lines = (isUrgent: boolean) =>
    spoken.value.filter(line => line.isUrgent === isUrgent).map(({ seq, text }) => <p key={seq}>{text}</p>);
  return (
    <div class="unseen">
      <div aria-live="polite">{lines(false)}</div>
      <div aria-live="assertive">{lines(true)}</div>
    </div>
  );
}

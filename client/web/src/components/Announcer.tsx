/** Reads aloud what happens, to those who listen to the page; and rings one's own clock. */
import { useSignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { type Announcement, announcement, level } from '../announce.js';
import { chime } from '../chime.js';
import { type Step, stepOf, timeLeft } from '../store/floor.js';
import type { Time } from '../store/room.js';
import { useApp } from './context.js';
import { wordsFor } from './TimeLeft.js';

const KEPT = 5; // so that what comes quickly one after the other is read all the same
const SAME = 10_000; // ms in which the same sentence is read once: ten reports are no storm

interface Spoken extends Announcement {
  readonly key: string;
  readonly at: Time;
}

export function Announcer() {
  const { store } = useApp();
  const spoken = useSignal<readonly Spoken[]>([]);
  const say = (news: Spoken) => {
    const before = spoken.peek();
    if (before.some(it => it.text === news.text && news.at - it.at < SAME)) return;
    spoken.value = [...before, news].slice(-KEPT);
  };
  useEffect(
    () =>
      store.watch((before, event, after) => {
        const news = announcement(before, event, after, level.peek());
        if (news) say({ ...news, key: String(event.seq), at: event.at });
      }),
    [store],
  );
  const step = useRef<Step | null>(null);
  useSignalEffect(() => {
    const room = store.room.value;
    const now = store.now.value;
    const share = room?.floor;
    const isMine = room && share && share.who === room.you && share.state !== 'called' && share.left === undefined;
    const is = isMine ? stepOf(room, share, now) : null;
    const was = step.current;
    step.current = is;
    if (!isMine || is === null || was === null || is === was || is === 'well') return;
    chime();
    if (level.peek() === 'nothing') return;
    const text = wordsFor(room, share, is, timeLeft(share, now) ?? 0);
    say({ text, isUrgent: true, key: `${share.share} ${is}`, at: now });
  });
  const lines = (isUrgent: boolean) =>
    spoken.value.filter(line => line.isUrgent === isUrgent).map(({ key, text }) => <p key={key}>{text}</p>);
  return (
    <div class="unseen">
      <div aria-live="polite">{lines(false)}</div>
      <div aria-live="assertive">{lines(true)}</div>
    </div>
  );
}

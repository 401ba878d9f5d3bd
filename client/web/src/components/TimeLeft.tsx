/** The gentle clock: the time of a share as words, number and shape. It runs here, from the server's deadlines. */
import { countdown, inWords, t } from '../i18n.js';
import { timeLeft } from '../store/floor.js';
import type { Floor } from '../store/room.js';
import { useApp, useRoom } from './context.js';

export function TimeLeft({ share }: { readonly share: Floor }) {
  const { store } = useApp();
  const room = useRoom();
  const now = store.now.value;
  if (share.state === 'called') {
    if (share.answer_by === undefined || room.quiet) return null;
    return <p class="time-left">{t('time.answer', { length: countdown(share.answer_by - now) })}</p>;
  }
  const left = timeLeft(share, now) ?? 0;
  const isStopped = share.left !== undefined;
  // The share's whole length is not on the wire; its beginning and end are, as long as its clock runs.
  const length = share.began_at !== undefined && share.ends_at !== undefined ? share.ends_at - share.began_at : null;
  const stage = left <= 0 ? 'up' : share.warned ? 'soon' : 'well';
  return (
    <div class={`time-left is-${stage}`}>
      <p>
        <strong class="big-time" role="timer">
          {left > 0 ? countdown(left) : `+${countdown(Math.floor(-left / 1000) * 1000)}`}
        </strong>{' '}
        <span>{words(left, isStopped)}</span>
      </p>
      {length !== null && <progress max={length} value={Math.max(0, Math.min(length, left))} aria-hidden="true" />}
    </div>
  );
}

function words(left: number, isStopped: boolean): string {
  if (isStopped) return left > 0 ? t('time.stopped', { length: inWords(left) }) : t('time.stopped_up');
  if (left <= 0) return t('time.up');
  return t('time.left', { length: inWords(left) });
}

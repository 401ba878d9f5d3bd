/** The gentle clock: the time of a share as words, number and shape. It runs here, from the server's deadlines. */
import { countdown, inWords, t } from '../i18n.js';
import { lengthOf, type Step, stepOf, timeLeft } from '../store/floor.js';
import type { Floor, Room } from '../store/room.js';
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
  const step = stepOf(room, share, now);
  return (
    <div class={`time-left is-${step}`}>
      <Shape step={step} part={left / lengthOf(room, share)} />
      <p>
        <strong class="big-time" role="timer">
          {left > 0 ? countdown(left) : `+${countdown(Math.floor(-left / 1000) * 1000)}`}
        </strong>{' '}
        <span>{wordsFor(room, share, step, left)}</span>
      </p>
    </div>
  );
}

/** A ring that empties and grows bolder; when the time is up a disc, then a square, then a square on its corner. */
function Shape({ step, part }: { readonly step: Step; readonly part: number }) {
  return (
    <svg class="shape" viewBox="0 0 40 40" aria-hidden="true">
      {step === 'up' ? (
        <circle class="full" cx="20" cy="20" r="15" />
      ) : step === 'over' || step === 'far' ? (
        <rect
          class="full"
          x="7"
          y="7"
          width="26"
          height="26"
          rx="4"
          transform={step === 'far' ? 'rotate(45 20 20)' : ''}
        />
      ) : (
        <>
          <circle class="track" cx="20" cy="20" r="15" />
          <circle
            class="rest"
            cx="20"
            cy="20"
            r="15"
            pathLength={1}
            stroke-dasharray={`${Math.max(0, Math.min(1, part)).toFixed(3)} 1`}
            transform="rotate(-90 20 20)"
          />
        </>
      )}
    </svg>
  );
}

/** What the clock says in words: kindly to whoever shares, plainly to the others. */
export function wordsFor(room: Room, share: Floor, step: Step, left: number): string {
  const length = inWords(Math.abs(left));
  if (share.left !== undefined) return left > 0 ? t('time.stopped', { length }) : t('time.stopped_up');
  if (share.who === room.you && step !== 'well') return t(`time.you_${step}`, { length });
  if (left > 0) return t('time.left', { length });
  return step === 'over' || step === 'far' ? t('time.over', { length }) : t('time.up');
}

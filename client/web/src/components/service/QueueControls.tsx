/** For those who keep the time: whether hands can be raised, and how long each has. */
import { exactly, t } from '../../i18n.js';
import { fits, SHARE_TIMES, timeForAll } from '../../store/queue.js';
import { useAct, useApp, useRoom } from '../context.js';
import { Button, Choose, Disclosure, Status } from '../controls.js';

export function QueueControls() {
  const { store } = useApp();
  const room = useRoom();
  const { queue, quiet } = room;
  const [act, refusal] = useAct();
  const times = [...new Set([...SHARE_TIMES, queue.share_seconds])].toSorted((a, b) => a - b);
  const forAll = timeForAll(room, store.now.value);
  const roomFor = fits(room, store.now.value);
  return (
    <div class="row">
      {roomFor !== null && roomFor < queue.hands.length && (
        <div class="note">
          <p>{t('queue.too_many', { n: queue.hands.length, fits: roomFor, length: exactly(queue.share_seconds) })}</p>
          {forAll !== null && (
            <Button meaning={String(forAll)} onClick={() => act({ t: 'set_share_time', seconds: forAll })}>
              {t('queue.make_it', { length: exactly(forAll) })}
            </Button>
          )}
        </div>
      )}
      {!quiet && (
        <Button kind="quiet" onClick={() => act({ t: queue.open ? 'close_queue' : 'open_queue' })}>
          {t(queue.open ? 'queue.close' : 'queue.reopen')}
        </Button>
      )}
      <Disclosure name={t('queue.time')} kind="quiet">
        {close => (
          <Choose
            label={t('queue.share_time')}
            value={String(queue.share_seconds)}
            options={times.map(seconds => [String(seconds), exactly(seconds)] as const)}
            onChoose={value => {
              close();
              void act({ t: 'set_share_time', seconds: Number(value) });
            }}
          />
        )}
      </Disclosure>
      <Status text={refusal} />
    </div>
  );
}

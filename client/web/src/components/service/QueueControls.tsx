/** For those who keep the time: whether hands can be raised, and how long each has. */
import { t } from '../../i18n.js';
import { useAct, useRoom } from '../context.js';
import { Button, Choose, Disclosure, Status } from '../controls.js';

const SHARE_TIMES = [60, 90, 120, 180, 240, 300, 420, 600, 900]; // seconds

export function QueueControls() {
  const { queue, quiet } = useRoom();
  const [act, refusal] = useAct();
  const times = [...new Set([...SHARE_TIMES, queue.share_seconds])].toSorted((a, b) => a - b);
  return (
    <div class="row">
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
            options={times.map(seconds => [String(seconds), minutes(seconds)] as const)}
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

const minutes = (seconds: number): string =>
  t('queue.minutes', { length: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` });

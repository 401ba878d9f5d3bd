/** For those who keep the time: the share's clock, and the queue. */
import { t } from '../../i18n.js';
import { useAct, useRoom } from '../context.js';
import { Button, Disclosure, Select, Status } from '../controls.js';

const SHARE_TIMES = [60, 90, 120, 180, 240, 300, 420, 600, 900]; // seconds

export function FloorControls() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const { floor, queue } = room;
  if (room.phase === null && !floor) return null;
  const isStopped = floor?.left !== undefined;
  const times = [...new Set([...SHARE_TIMES, queue.share_seconds])].toSorted((a, b) => a - b);
  return (
    <Disclosure name={t('floor.controls')}>
      {() => (
        <>
          {floor && !room.quiet && (
            <div class="row">
              {floor.state === 'called' ? (
                <Button onClick={() => act({ t: 'begin' })}>{t('floor.begin_for')}</Button>
              ) : (
                <>
                  <Button onClick={() => act({ t: 'add_time', seconds: 60 })}>{t('floor.add_minute')}</Button>
                  <Button onClick={() => act({ t: 'add_time', seconds: -30 })}>{t('floor.take_time')}</Button>
                  <Button onClick={() => act({ t: isStopped ? 'start_clock' : 'stop_clock' })}>
                    {t(isStopped ? 'floor.start_clock' : 'floor.stop_clock')}
                  </Button>
                </>
              )}
              <Button onClick={() => act({ t: 'put_back', who: floor.who })}>{t('floor.put_back')}</Button>
            </div>
          )}
          {floor && (
            <div class="row">
              <Button kind="grave" onClick={() => act({ t: 'stop_share' })}>
                {t('floor.stop_share')}
              </Button>
            </div>
          )}
          {room.phase !== null && !room.quiet && (
            <div class="row">
              <Button onClick={() => act({ t: queue.open ? 'close_queue' : 'open_queue' })}>
                {t(queue.open ? 'queue.close' : 'queue.reopen')}
              </Button>
            </div>
          )}
          {room.phase !== null && (
            <Select
              label={t('floor.share_time')}
              value={String(queue.share_seconds)}
              options={times.map(seconds => [String(seconds), minutes(seconds)] as const)}
              onChange={value => act({ t: 'set_share_time', seconds: Number(value) })}
            />
          )}
          <Status text={refusal} />
        </>
      )}
    </Disclosure>
  );
}

const minutes = (seconds: number): string =>
  t('floor.minutes', { length: `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` });

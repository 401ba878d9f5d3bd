/** For those who keep the time: the clock of the share that has the floor. */
import { t } from '../../i18n.js';
import { useAct, useRoom } from '../context.js';
import { Button, Status } from '../controls.js';

export function FloorControls() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const { floor } = room;
  if (!floor) return null;
  const isStopped = floor.left !== undefined;
  const meaning = `${floor.share} ${floor.state === 'called'} ${isStopped} ${room.quiet}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's layout is its own
    <div class="keeping" role="group" aria-label={t('floor.controls')}>
      <div class="row">
        {!room.quiet &&
          (floor.state === 'called' ? (
            <Button meaning={meaning} onClick={() => act({ t: 'begin' })}>
              {t('floor.begin_for')}
            </Button>
          ) : (
            <>
              <Button meaning={meaning} onClick={() => act({ t: 'add_time', seconds: 60 })}>
                {t('floor.add_minute')}
              </Button>
              <Button meaning={meaning} onClick={() => act({ t: 'add_time', seconds: -30 })}>
                {t('floor.take_time')}
              </Button>
              <Button meaning={meaning} onClick={() => act({ t: isStopped ? 'start_clock' : 'stop_clock' })}>
                {t(isStopped ? 'floor.start_clock' : 'floor.stop_clock')}
              </Button>
            </>
          ))}
        {!room.quiet && (
          <Button meaning={meaning} onClick={() => act({ t: 'put_back', who: floor.who })}>
            {t('floor.put_back')}
          </Button>
        )}
        <Button meaning={meaning} onClick={() => act({ t: 'stop_share', share: floor.share })}>
          {t('floor.stop_share')}
        </Button>
      </div>
      <Status text={refusal} />
    </div>
  );
}

/** Who has the floor, how long still, and what they say. */
import { useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import { currentPhase } from '../store/agenda.js';
import { keepsTime } from '../store/roles.js';
import { PhaseText } from './Agenda.js';
import { nameOf, titleOf, useApp, useRoom } from './context.js';
import { Pick } from './Pick.js';
import { Reactions } from './Reactions.js';
import { ShareComposer } from './ShareComposer.js';
import { ShareMore } from './ShareMore.js';
import { ShareText } from './ShareText.js';
import { FloorControls } from './service/FloorControls.js';
import { TimeLeft } from './TimeLeft.js';

export function Stage() {
  const { store } = useApp();
  const room = useRoom();
  const draft = useSignal(''); // it outlives the share, so that nothing typed is lost when the time is up
  const { floor, past } = room;
  const isMine = floor?.who === room.you;
  const phase = currentPhase(room);
  return (
    <section
      class={`stage ${floor ? `is-${floor.state}` : ''} ${isMine ? 'is-mine' : ''}`}
      aria-labelledby="stage-title"
    >
      {floor ? (
        <>
          <div class="heading">
            <h2 id="stage-title">
              {isMine ? t(`stage.you_${floor.state}`) : t(`stage.${floor.state}`, { name: nameOf(room, floor.who) })}
            </h2>
            <ShareMore share={floor} />
          </div>
          <TimeLeft share={floor} />
          {floor.state === 'called' ? (
            <p>{t(isMine ? 'stage.begin_hint' : 'stage.breath')}</p>
          ) : (
            <>
              <ShareText share={floor} />
              <Reactions to={floor.share} counts={floor.reactions} label={t('react.share')} />
            </>
          )}
        </>
      ) : (
        <>
          <h2 id="stage-title">{phase ? titleOf(phase) : t(`stage.${room.state}`)}</h2>
          {phase && <PhaseText phase={phase} />}
          {room.state === 'doors' && <p>{t('stage.doors_text')}</p>}
          {phase && !phase.text && <p class="hint">{t('stage.nobody')}</p>}
        </>
      )}
      {isMine && phase?.order === 'pick' && <Pick />}
      {(isMine && floor.state !== 'called') || draft.value ? <ShareComposer draft={draft} isOpen={isMine} /> : null}
      {keepsTime(store.role.value) && <FloorControls />}
      {past && past.share !== floor?.share && (
        <details class="past">
          <summary>{t('stage.past', { name: nameOf(room, past.who) })}</summary>
          <ShareText share={past} />
          <div class="row">
            <Reactions to={past.share} counts={past.reactions} label={t('react.share')} />
            <ShareMore share={past} />
          </div>
        </details>
      )}
    </section>
  );
}

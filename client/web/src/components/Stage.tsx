/** Who has the floor, how long still, and what they say. */
import { type Signal, useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';
import { t } from '../i18n.js';
import { currentPhase } from '../store/agenda.js';
import { nextToCall, placeOf } from '../store/queue.js';
import { keepsTime } from '../store/roles.js';
import { PhaseText } from './Agenda.js';
import { nameOf, titleOf, useApp, useRoom } from './context.js';
import { Face } from './Face.js';
import { later } from './later.js';
import { Pick } from './Pick.js';
import { Reactions } from './Reactions.js';
import { ShareComposer } from './ShareComposer.js';
import { ShareMore } from './ShareMore.js';
import { ShareText } from './ShareText.js';
import { TimeLeft } from './TimeLeft.js';

const FloorControls = later(async () => (await import('./service/FloorControls.js')).FloorControls);

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
            <Face id={floor.who} name={nameOf(room, floor.who)} />
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
              <Reactions to={floor.share} counts={floor.reactions} label={t('react.share')} areGiven={isMine} />
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
      <Upcoming />
      <Writing draft={draft} />
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

/** Who comes next, and what after the round. */
function Upcoming() {
  const { store } = useApp();
  const room = useRoom();
  const next = room.phase === null ? null : nextToCall(room, store.now.value);
  const phase = room.phase === null ? undefined : room.agenda[room.phase + 1];
  if (!next && !phase) return null;
  return (
    <p class="hint">
      {next && (next.id === room.you ? t('stage.next_you') : t('stage.next', { name: next.name }))}
      {next && phase && ' · '}
      {phase && t('agenda.then', { title: titleOf(phase) })}
    </p>
  );
}

/** Where the share is written; and before it is one's turn, prepared. */
function Writing({ draft }: { readonly draft: Signal<string> }) {
  const room = useRoom();
  const isMine = room.floor?.who === room.you;
  const isOpenAtFirst = useRef(draft.peek() !== '').current; // then it is as the person has it
  const mayComeToIt = room.queue.open || placeOf(room, room.you) >= 0 || isMine;
  if (isMine && room.floor?.state !== 'called') return <ShareComposer draft={draft} is="open" />;
  if (!mayComeToIt && !draft.value) return null;
  return (
    <details class="prepare" open={isOpenAtFirst}>
      <summary>{t('share.prepare')}</summary>
      <ShareComposer draft={draft} is={mayComeToIt ? 'draft' : 'over'} />
    </details>
  );
}

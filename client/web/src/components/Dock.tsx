/** What one can do now with one thumb: raise a hand, begin, pass, be done; and call the next. */
import { useSignal } from '@preact/signals';
import { clock, t } from '../i18n.js';
import { currentPhase } from '../store/agenda.js';
import { expectedAt, nextInQueue, placeOf } from '../store/queue.js';
import { keepsTime } from '../store/roles.js';
import { find, type Participant, type Room } from '../store/room.js';
import { useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, Field, Status, useFocusKept } from './controls.js';

export function Dock() {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const place = placeOf(room, room.you);
  const isMine = room.floor?.who === room.you;
  const isCircle = currentPhase(room)?.order === 'circle';
  const region = useFocusKept<HTMLElement>();
  return (
    <section class="dock" ref={region} tabIndex={-1} aria-label={t('dock.title')}>
      <Status text={refusal} />
      <div class="row">
        {keepsTime(store.role.value) && room.phase !== null && !room.quiet && <CallNext act={act} />}
        {isMine ? (
          room.floor?.state === 'called' ? (
            <>
              <Button isFirstTapOnly kind="main" onClick={() => act({ t: 'begin' })}>
                {t('floor.begin')}
              </Button>
              <Button isFirstTapOnly onClick={() => act({ t: 'pass' })}>
                {t('floor.pass')}
              </Button>
            </>
          ) : (
            <Button isFirstTapOnly kind="main" onClick={() => act({ t: 'done' })}>
              {t('floor.done')}
            </Button>
          )
        ) : (
          <>
            {(room.queue.open || place >= 0) && (
              <Button isFirstTapOnly onClick={() => act({ t: place >= 0 ? 'lower_hand' : 'raise_hand' })}>
                {t(place >= 0 ? 'hand.lower' : 'hand.raise')}
              </Button>
            )}
            {place >= 0 && isCircle && (
              <Button isFirstTapOnly onClick={() => act({ t: 'pass' })}>
                {t('floor.pass')}
              </Button>
            )}
            {room.queue.open && place < 0 && <WithTopic act={act} />}
          </>
        )}
      </div>
      <Place />
    </section>
  );
}

type Act = ReturnType<typeof useAct>[0];

/** Names who is next, and calls exactly that person, if the floor is still as the button saw it. */
function CallNext({ act }: { readonly act: Act }) {
  const { store } = useApp();
  const room = useRoom();
  const next = nextInQueue(room, store.now.value) ?? speaker(room);
  if (!next) return null;
  return (
    <Button
      isFirstTapOnly
      kind="main"
      onClick={() => act({ t: 'call', who: next.id, after: room.floor?.share ?? null })}
    >
      {t('floor.call_next', { name: next.name })}
    </Button>
  );
}

function WithTopic({ act }: { readonly act: Act }) {
  const topic = useSignal('');
  return (
    <Disclosure name={t('hand.topic_short')} label={t('hand.with_topic')} kind="quiet">
      {close => (
        <form
          onSubmit={async event => {
            event.preventDefault();
            if (await act({ t: 'raise_hand', topic: topic.value })) close();
          }}
        >
          <Field label={t('hand.topic')} hint={t('hand.topic_hint')}>
            {(id, hint) => (
              <input
                id={id}
                aria-describedby={hint}
                maxLength={80}
                value={topic}
                onInput={event => {
                  topic.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
          <button type="submit">{t('hand.raise_with_topic')}</button>
        </form>
      )}
    </Disclosure>
  );
}

/** Where one stands in the queue, which is spoken when it changes, and about when it is one's turn, which is not. */
function Place() {
  const { store } = useApp();
  const room = useRoom();
  const place = placeOf(room, room.you);
  const at = expectedAt(room, place, store.now.value);
  const isInVain = place >= 0 && room.phase_ends_at !== null && at === null;
  return (
    <p class="place">
      <span role="status">
        {place === 0 ? t('hand.next') : place > 0 && t('hand.place', { n: place + 1 })} {isInVain && t('hand.no_time')}
      </span>{' '}
      {place > 0 && at !== null && t('hand.about', { time: clock(at) })}
    </p>
  );
}

/** Whom a phase of kind `speaker` was given to, as long as they are here and have not spoken. */
function speaker(room: Room): Participant | null {
  const phase = currentPhase(room);
  const reader = phase?.kind === 'speaker' && phase.reader ? find(room, phase.reader) : undefined;
  return reader?.presence === 'here' && reader.shares === 0 && room.floor?.who !== reader.id ? reader : null;
}

/** What one can do now with one thumb: raise a hand, begin, pass, be done; and call the next. */
import { useSignal } from '@preact/signals';
import { clock, t } from '../i18n.js';
import { currentPhase } from '../store/agenda.js';
import { expectedAt, nextInQueue, placeOf } from '../store/queue.js';
import { keepsTime } from '../store/roles.js';
import type { Room } from '../store/room.js';
import { useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, Field, Status } from './controls.js';

export function Dock() {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const place = placeOf(room, room.you);
  const isMine = room.floor?.who === room.you;
  const isCircle = currentPhase(room)?.order === 'circle';
  return (
    <footer class="dock">
      <Status text={refusal} />
      <div class="row">
        {keepsTime(store.role.value) && room.phase !== null && !room.quiet && <CallNext act={act} />}
        {isMine ? (
          room.floor?.state === 'called' ? (
            <>
              <Button kind="main" onClick={() => act({ t: 'begin' })}>
                {t('floor.begin')}
              </Button>
              <Button onClick={() => act({ t: 'pass' })}>{t('floor.pass')}</Button>
            </>
          ) : (
            <Button kind="main" onClick={() => act({ t: 'done' })}>
              {t('floor.done')}
            </Button>
          )
        ) : (
          <>
            {(room.queue.open || place >= 0) && (
              <Button pressed={place >= 0} onClick={() => act({ t: place >= 0 ? 'lower_hand' : 'raise_hand' })}>
                {t('hand.raise')}
              </Button>
            )}
            {place >= 0 && isCircle && <Button onClick={() => act({ t: 'pass' })}>{t('floor.pass')}</Button>}
            {room.queue.open && place < 0 && <WithTopic act={act} />}
          </>
        )}
      </div>
      {place >= 0 && <p class="place">{placeInWords(room, place, store.now.value)}</p>}
    </footer>
  );
}

type Act = ReturnType<typeof useAct>[0];

/** Names who is next, and calls exactly that person, if the floor is still as the button saw it. */
function CallNext({ act }: { readonly act: Act }) {
  const { store } = useApp();
  const room = useRoom();
  const next = nextInQueue(room, store.now.value);
  if (!next) return null;
  return (
    <Button kind="main" onClick={() => act({ t: 'call', who: next.id, after: room.floor?.share ?? null })}>
      {t('floor.call_next', { name: next.name })}
    </Button>
  );
}

function WithTopic({ act }: { readonly act: Act }) {
  const topic = useSignal('');
  return (
    <Disclosure name={t('hand.with_topic')} kind="quiet">
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

/** One's own place, and about when it is one's turn. */
export function placeInWords(room: Room, place: number, now: number): string {
  const at = expectedAt(room, place, now);
  const where = place === 0 ? t('hand.next') : t('hand.place', { n: place + 1 });
  if (room.phase_ends_at !== null && at === null) return `${where} ${t('hand.no_time')}`;
  return place === 0 || at === null ? where : `${where} ${t('hand.about', { time: clock(at) })}`;
}

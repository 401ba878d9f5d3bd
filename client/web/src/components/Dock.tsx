/** What one can do now with one thumb, and where one stands; for those who lead, the next step of the evening. */
import { useSignal } from '@preact/signals';
import { clock, t } from '../i18n.js';
import { currentPhase } from '../store/agenda.js';
import { expectedAt, isInVain, nextStep, nextToCall, placeOf } from '../store/queue.js';
import { keepsTime, leads } from '../store/roles.js';
import type { Participant, Role, Room, Time } from '../store/room.js';
import { titleOf, useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, Field, Status, useFocusKept } from './controls.js';
import { Notices } from './Notices.js';
import { Inbox } from './service/Inbox.js';

/** What the dock offers now. Where it changes, its buttons move, and no press may land on what has come to its place. */
interface Offer {
  readonly step: 'start' | 'phase' | null;
  readonly next: Participant | null;
  readonly mine: 'called' | 'sharing' | null;
  readonly hand: 'raise' | 'lower' | null;
  readonly mayPass: boolean;
}

interface Props {
  readonly isServiceShown: boolean;
  readonly onService: () => void;
}

export function Dock({ isServiceShown, onService }: Props) {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const region = useFocusKept<HTMLElement>();
  const offer = offerOf(room, store.role.value, store.now.value);
  const { step, next, mine, hand, mayPass } = offer;
  const meaning = JSON.stringify([step, room.phase, next?.id, mine, mine && room.floor?.share, hand, mayPass]);
  const guarded = { meaning } as const;
  return (
    <section class="dock" ref={region} tabIndex={-1} aria-label={t('dock.title')}>
      <Notices />
      {!isServiceShown && <Inbox onOpen={onService} />}
      <Status text={refusal} />
      <Place />
      <div class="row">
        {step === 'start' && (
          <Button {...guarded} kind="main" onClick={() => act({ t: 'start' })}>
            {t('lead.start')}
          </Button>
        )}
        {step === 'phase' && room.phase !== null && (
          <Button {...guarded} kind="main" onClick={() => act({ t: 'next_phase', from: room.phase })}>
            {t('lead.next', { title: titleOf(room.agenda[room.phase + 1]) })}
          </Button>
        )}
        {next && (
          <Button
            {...guarded}
            kind={mine ? 'quiet' : 'main'}
            onClick={() => act({ t: 'call', who: next.id, after: room.floor?.share ?? null })}
          >
            {t('floor.call_next', { name: next.name })}
          </Button>
        )}
        {mine === 'called' && (
          <Button {...guarded} kind="main" onClick={() => act({ t: 'begin' })}>
            {t('floor.begin')}
          </Button>
        )}
        {mine === 'sharing' && (
          <Button {...guarded} kind="main" onClick={() => act({ t: 'done' })}>
            {t('floor.done')}
          </Button>
        )}
        {hand && (
          <Button {...guarded} onClick={() => act({ t: `${hand}_hand` })}>
            {t(`hand.${hand}`)}
          </Button>
        )}
        {mayPass && (
          <Button {...guarded} onClick={() => act({ t: 'pass' })}>
            {t('floor.pass')}
          </Button>
        )}
        {hand === 'raise' && <WithTopic act={act} />}
      </div>
    </section>
  );
}

/** One step of the evening at a time: whom to call, or where nobody is to be called or heard out, the next phase. */
function offerOf(room: Room, role: Role, now: Time): Offer {
  const { floor, queue, phase } = room;
  const place = placeOf(room, room.you);
  const isMine = floor?.who === room.you;
  const isCalled = floor?.state === 'called';
  const next = keepsTime(role) && phase !== null && !room.quiet ? nextToCall(room, now) : null;
  return {
    step: leads(role) ? nextStep(room, now) : null,
    next,
    mine: isMine ? (isCalled ? 'called' : 'sharing') : null,
    hand: isMine ? null : place >= 0 ? 'lower' : queue.open ? 'raise' : null,
    mayPass: (isMine && isCalled) || (!isMine && place >= 0 && currentPhase(room)?.order === 'circle'),
  };
}

type Act = ReturnType<typeof useAct>[0];

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

/**
 * Where one stands in the queue, which is spoken when it changes, and about when it is one's turn, which is not. Without
 * a raised hand: whether it would be heard tonight.
 */
function Place() {
  const { store } = useApp();
  const room = useRoom();
  const now = store.now.value;
  const place = placeOf(room, room.you);
  const isWaiting = place >= 0;
  const at = expectedAt(room, isWaiting ? place : room.queue.hands.length, now);
  const isAsked = room.queue.open && room.floor?.who !== room.you && room.phase !== null;
  return (
    <p class={`place ${isWaiting ? 'is-waiting' : ''}`}>
      <span role="status">
        {place === 0 ? t('hand.next') : place > 0 && t('hand.place', { n: place + 1 })}{' '}
        {isWaiting && isInVain(room, place, now) && t('hand.no_time')}
      </span>{' '}
      {place > 0 && at !== null && t('hand.about', { time: clock(at) })}
      {!isWaiting && isAsked && at !== null && at - now > 60_000 && t('hand.would_be', { time: clock(at) })}
    </p>
  );
}

/** The share queue: who waits, about when it is whose turn, and whether there is time. */
import { type Signal, useComputed, useSignal } from '@preact/signals';
import { clock, exactly, t } from '../i18n.js';
import { expectedAt, fits } from '../store/queue.js';
import { keepsTime, mayActOn } from '../store/roles.js';
import { find, type Hand, type Time } from '../store/room.js';
import { nameOf, useAct, useApp, useRoom } from './context.js';
import { Button, More, Status } from './controls.js';
import { later } from './later.js';
import type { Dragged } from './service/Drag.js';

const Handle = later(async () => (await import('./service/Drag.js')).Handle);
const QueueControls = later(async () => (await import('./service/QueueControls.js')).QueueControls);

export function Queue() {
  const { store } = useApp();
  const room = useRoom();
  const { hands, open, share_seconds } = room.queue;
  const isKept = keepsTime(store.role.value);
  if (room.phase === null || (!open && hands.length === 0 && !isKept)) return null;
  const roomFor = fits(room, store.now.value);
  const dragged = useSignal<Dragged | null>(null);
  return (
    <section class="queue" aria-labelledby="queue-title">
      <h2 id="queue-title">{t('queue.title')}</h2>
      <p>
        {t(open ? 'queue.open' : 'queue.closed')}{' '}
        {(open || hands.length > 0) && (
          <>
            {t('queue.each', { length: exactly(share_seconds) })} {roomFor !== null && t('queue.fits', { n: roomFor })}
          </>
        )}
      </p>
      {hands.length === 0 ? (
        open && <p>{t('queue.empty')}</p>
      ) : (
        <ol>
          {hands.map((hand, place) => (
            <Row
              key={hand.who}
              hand={hand}
              place={place}
              when={when(expectedAt(room, place, store.now.value))}
              dragged={dragged}
            />
          ))}
        </ol>
      )}
      {isKept && <QueueControls />}
    </section>
  );
}

const when = (at: Time | null): string => (at === null ? t('queue.no_time') : t('queue.about', { time: clock(at) }));

interface RowProps {
  readonly hand: Hand;
  readonly place: number;
  readonly when: string;
  readonly dragged: Signal<Dragged | null>;
}

function Row({ hand, place, when, dragged }: RowProps) {
  const { store } = useApp();
  const room = useRoom();
  const name = useComputed(() => nameOf(room, hand.who)).value;
  const isAway = useComputed(() => find(room, hand.who)?.presence === 'away').value;
  const isKept = keepsTime(store.role.value) && !room.quiet;
  const [act, refusal] = useAct();
  const move = (to: number) => to !== place && act({ t: 'move_hand', who: hand.who, place: to });
  const { who: held, to: landing } = dragged.value ?? {};
  const from = held === undefined ? -1 : room.queue.hands.findIndex(it => it.who === held);
  const marks = [
    hand.who === room.you && 'is-me',
    held === hand.who && 'is-held',
    held !== undefined && held !== hand.who && landing === place && (place < from ? 'is-before' : 'is-after'),
  ];
  return (
    <li class={marks.filter(Boolean).join(' ')}>
      {isKept && <Handle who={hand.who} name={name} dragged={dragged} onDrop={move} />}
      <span class="who">
        <strong>{hand.who === room.you ? t('name.you', { name }) : name}</strong>
        {isAway && <span class="tag">{t('people.away')}</span>}
        {hand.topic && (
          <span class="topic" dir="auto">
            {hand.topic}
          </span>
        )}
      </span>
      <span class="when">{when}</span>
      {isKept && <RowControls who={hand.who} name={name} place={place} act={act} move={move} />}
      <Status text={refusal} />
    </li>
  );
}

interface RowControlsProps {
  readonly who: string;
  readonly name: string;
  readonly place: number;
  readonly act: ReturnType<typeof useAct>[0];
  readonly move: (to: number) => unknown;
}

function RowControls({ who, name, place, act, move }: RowControlsProps) {
  const { store } = useApp();
  const room = useRoom();
  const last = room.queue.hands.length - 1;
  const person = find(room, who);
  return (
    <More label={t('queue.manage_of', { name })}>
      {() => (
        <div class="row">
          <Button meaning={String(place)} onClick={() => act({ t: 'call', who, after: room.floor?.share ?? null })}>
            {t('person.call', { name })}
          </Button>
          <Button meaning={String(place)} disabled={place === 0} onClick={() => move(0)}>
            {t('queue.first')}
          </Button>
          <Button meaning={String(place)} disabled={place === 0} onClick={() => move(place - 1)}>
            {t('queue.up')}
          </Button>
          <Button meaning={String(place)} disabled={place === last} onClick={() => move(place + 1)}>
            {t('queue.down')}
          </Button>
          {person && mayActOn(store.role.value, person) && (
            <Button meaning={String(place)} onClick={() => act({ t: 'lower_hand', who })}>
              {t('queue.lower')}
            </Button>
          )}
        </div>
      )}
    </More>
  );
}

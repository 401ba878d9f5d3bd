/** The agenda: what is on, what comes, and for those who lead it, the way through it. */
import { clock, inWords, t } from '../i18n.js';
import { leads } from '../store/roles.js';
import type { Phase } from '../store/room.js';
import { nameOf, titleOf, useAct, useApp, useRoom } from './context.js';
import { Button, Choose, Status } from './controls.js';
import { Lateness } from './Top.js';

export function Agenda() {
  const { store } = useApp();
  const room = useRoom();
  const now = store.now.value;
  return (
    <section class="agenda" aria-labelledby="agenda-title">
      <h2 id="agenda-title">{t('agenda.title')}</h2>
      <p>
        {room.state !== 'doors'
          ? t('agenda.ends', { time: clock(room.ends_at, now) })
          : room.starts_at > now
            ? t('agenda.starts', { time: clock(room.starts_at, now) })
            : t('agenda.starts_soon')}{' '}
        <Lateness />
      </p>
      <ol>
        {room.agenda.map((phase, index) => (
          <li key={index} aria-current={index === room.phase ? 'step' : undefined}>
            <Row phase={phase} index={index} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Row({ phase, index }: { readonly phase: Phase; readonly index: number }) {
  const { store } = useApp();
  const room = useRoom();
  const isCurrent = index === room.phase;
  const endsAt = isCurrent ? room.phase_ends_at : null;
  return (
    <details>
      <summary>
        <strong>{titleOf(phase)}</strong> {isCurrent && <span class="tag">{t('agenda.current')}</span>}{' '}
        <span class="hint">
          {endsAt !== null
            ? t('agenda.until', { time: clock(endsAt) })
            : phase.seconds !== null && inWords(phase.seconds * 1000)}
        </span>
        {phase.reader && <span class="hint"> {t('agenda.reader', { name: nameOf(room, phase.reader) })}</span>}
      </summary>
      <PhaseText phase={phase} />
      {leads(store.role.value) && <Lead phase={phase} index={index} />}
    </details>
  );
}

function Lead({ phase, index }: { readonly phase: Phase; readonly index: number }) {
  const room = useRoom();
  const [act, refusal] = useAct();
  const title = titleOf(phase);
  return (
    <div class="row">
      {room.phase !== null && room.phase !== index && (
        <Button
          label={t('agenda.go_to', { title })}
          onClick={() => act({ t: 'go_to', phase: index, from: room.phase })}
        >
          {t('agenda.go_here')}
        </Button>
      )}
      <Choose
        label={t('agenda.assign')}
        value={phase.reader ?? ''}
        options={[
          ...(phase.reader ? [] : [['', t('agenda.nobody')] as const]),
          ...room.participants.map(p => [p.id, p.name] as const),
        ]}
        onChoose={who => act({ t: 'assign', phase: index, who })}
      />
      <Status text={refusal} />
    </div>
  );
}

/** What a phase shows to those present. */
export function PhaseText({ phase }: { readonly phase: Phase }) {
  return (
    <>
      {phase.text && (
        <p class="prose" dir="auto">
          {phase.text.trim()}
        </p>
      )}
      {phase.credit && (
        <p class="credit" dir="auto">
          {phase.credit}
        </p>
      )}
    </>
  );
}

/** Which meeting this is and where it is in its agenda; and what must always be in sight. */
import { clock, t } from '../i18n.js';
import { currentPhase, lateBy, phaseOverBy } from '../store/agenda.js';
import { serves } from '../store/roles.js';
import { titleOf, useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, Status } from './controls.js';
import { HelpForm } from './HelpForm.js';
import { HelpLines } from './HelpLines.js';
import { Leave } from './Leave.js';

const MINUTE = 60_000;

export function Top() {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const phase = currentPhase(room);
  const next = room.phase === null ? undefined : room.agenda[room.phase + 1];
  return (
    <header class="top">
      <h1>{room.meeting.name}</h1>
      <div class="always">
        {serves(store.role.value) && (
          <Button
            kind="grave"
            meaning={String(room.quiet)}
            pressed={room.quiet}
            label={t(room.quiet ? 'quiet.end' : 'quiet.begin')}
            onClick={() => act({ t: room.quiet ? 'unquiet' : 'quiet' })}
          >
            {t(room.quiet ? 'quiet.end' : 'quiet.short')}
          </Button>
        )}
        <Disclosure name={t('help.ask')}>
          {close => (
            <>
              <MyCall />
              <HelpForm onDone={close} />
              <HelpLines />
            </>
          )}
        </Disclosure>
        <Leave />
      </div>
      <p class="now">
        {phase ? t('agenda.now', { title: titleOf(phase) }) : t(`state.${room.state}`)}
        {room.phase_ends_at !== null && ` · ${t('agenda.until', { time: clock(room.phase_ends_at) })}`}
        {next && <span class="then"> · {t('agenda.then', { title: titleOf(next) })}</span>} <Lateness />
      </p>
      <Status text={refusal} />
    </header>
  );
}

/** That one has called, and has not been seen to yet: it is not forgotten, and can be taken back. */
function MyCall() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const calls = room.requests.filter(({ kind, by }) => kind === 'help' && by === room.you);
  const last = calls.at(-1);
  if (!last) return null;
  return (
    <div class="note">
      <p>{t('help.open', { time: clock(last.at) })}</p>
      <Button onClick={() => act({ t: 'see_to', requests: calls.map(({ id }) => id) })}>{t('help.over')}</Button>
      <Status text={refusal} />
    </div>
  );
}

/** In words, and only when it matters: the phase is over its time, or the meeting will end late. */
export function Lateness() {
  const { store } = useApp();
  const room = useRoom();
  const now = store.now.value;
  const over = Math.floor(phaseOverBy(room, now) / MINUTE);
  const late = Math.floor((lateBy(room, now) ?? 0) / MINUTE);
  return (
    <>
      {over > 0 && <span class="late">{t('agenda.over', { n: over })} </span>}
      {late > 0 && <span class="late">{t('agenda.late', { n: late })}</span>}
    </>
  );
}

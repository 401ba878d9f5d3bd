/** The service team's panel: who needs help, the door, the agenda, the chat, and people without a device. */
import { useSignal } from '@preact/signals';
import { t } from '../../i18n.js';
import { nextStep } from '../../store/queue.js';
import { greets, keepsTime, leads } from '../../store/roles.js';
import type { ChatMode } from '../../store/room.js';
import { titleOf, useAct, useApp, useRoom } from '../context.js';
import { Button, Disclosure, Field, Select, Status } from '../controls.js';
import { useNotice } from '../notice.js';
import { Requests } from './Requests.js';

const MODES: readonly ChatMode[] = ['open', 'slow', 'service', 'closed'];
const SLOWLY = 30; // seconds

export function Service() {
  const { store } = useApp();
  const role = store.role.value;
  return (
    <section class="service" aria-labelledby="service-title">
      <h2 id="service-title">{t('service.title')}</h2>
      <Requests />
      <Door />
      {leads(role) && <Lead />}
      {greets(role) && <Mode />}
      {greets(role) && <Notice />}
      {(greets(role) || keepsTime(role)) && <AddPerson />}
      {leads(role) && <Blocked />}
    </section>
  );
}

function Lead() {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const { phase } = room;
  const isInDock = nextStep(room, store.now.value) === 'phase';
  const meaning = `${phase} ${isInDock}`;
  return (
    <>
      <h3>{t('lead.title')}</h3>
      {phase !== null && (
        <>
          <div class="row">
            {phase < room.agenda.length - 1 && !isInDock && (
              <Button meaning={meaning} onClick={() => act({ t: 'next_phase', from: phase })}>
                {t('lead.next', { title: titleOf(room.agenda[phase + 1]) })}
              </Button>
            )}
            <Button
              meaning={meaning}
              disabled={phase === 0}
              onClick={() => act({ t: 'go_to', phase: phase - 1, from: phase })}
            >
              {t('lead.back')}
            </Button>
          </div>
          <div class="row">
            <Button onClick={() => act({ t: 'add_minutes', minutes: 5 })}>{t('lead.longer', { n: 5 })}</Button>
            <Button onClick={() => act({ t: 'add_minutes', minutes: -5 })}>{t('lead.shorter', { n: 5 })}</Button>
          </div>
        </>
      )}
      <Disclosure name={t('lead.end')} kind="quiet">
        {close => (
          <>
            <p>{t(room.state === 'fellowship' ? 'lead.end_now_text' : 'lead.end_text')}</p>
            <Button
              kind="grave"
              meaning={room.state}
              onClick={() => {
                close();
                return act({ t: 'end', from: room.state });
              }}
            >
              {t('lead.end_do')}
            </Button>
          </>
        )}
      </Disclosure>
      <Status text={refusal} />
    </>
  );
}

function Door() {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const lobby = room.lobby ?? [];
  return (
    <>
      <h3>{t('door.title')}</h3>
      {lobby.length > 0 && greets(store.role.value) && (
        <>
          <p>{t('door.waiting', { n: lobby.length })}</p>
          <ul class="lobby">
            {lobby.map(({ id, name }, place) => (
              <li key={id}>
                <strong>{name}</strong>
                <div class="row">
                  <Button
                    kind="main"
                    meaning={String(place)}
                    label={t('door.admit_name', { name })}
                    onClick={() => act({ t: 'admit', who: id })}
                  >
                    {t('door.admit')}
                  </Button>
                  <Button
                    meaning={String(place)}
                    label={t('door.deny_name', { name })}
                    onClick={() => act({ t: 'deny', who: id })}
                  >
                    {t('door.deny')}
                  </Button>
                </div>
              </li>
            ))}
          </ul>
          {lobby.length > 1 && (
            <div class="row">
              <Button meaning={lobby.map(({ id }) => id).join(' ')} onClick={() => act({ t: 'admit', who: 'all' })}>
                {t('door.admit_all')}
              </Button>
              <Button onClick={() => act({ t: 'deny', who: 'all' })}>{t('door.deny_all')}</Button>
            </div>
          )}
        </>
      )}
      {!room.quiet && (
        <Button
          meaning={String(room.locked)}
          pressed={room.locked}
          onClick={() => act({ t: room.locked ? 'unlock' : 'lock' })}
        >
          {t('door.lock')}
        </Button>
      )}
      <p class="hint">{t(room.locked ? 'door.locked' : 'door.open')}</p>
      <Status text={refusal} />
    </>
  );
}

function Mode() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const draft = useSignal<ChatMode | null>(null);
  const every = useSignal('');
  if (room.quiet) return null;
  const mode = draft.value ?? room.chat.mode;
  const seconds = every.value || String(room.chat.every || SLOWLY);
  return (
    <>
      <h3>{t('mode.title')}</h3>
      <form
        class="choose"
        onSubmit={event => {
          event.preventDefault();
          void act({ t: 'chat', mode, every: mode === 'slow' ? Number(seconds) : undefined });
          draft.value = null;
        }}
      >
        <Select
          label={t('mode.label')}
          value={mode}
          options={MODES.map(mode => [mode, t(`mode.${mode}`)] as const)}
          onChange={mode => {
            draft.value = mode as ChatMode;
          }}
        />
        {mode === 'slow' && (
          <Field label={t('mode.every')}>
            {id => (
              <input
                id={id}
                type="number"
                min={1}
                max={3600}
                value={seconds}
                onInput={event => {
                  every.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
        )}
        <button type="submit">{t('form.set')}</button>
      </form>
      <Status text={refusal} />
    </>
  );
}

function Notice() {
  const [act, refusal] = useAct();
  const post = useNotice(act);
  const text = useSignal('');
  return (
    <>
      <h3>{t('notice.title')}</h3>
      <form
        onSubmit={async event => {
          event.preventDefault();
          const posted = text.value.trim();
          if (posted && (await post(posted)) && text.value.trim() === posted) text.value = '';
        }}
      >
        <Field label={t('notice.title')} hint={t('notice.hint')} isPlain>
          {(id, hint) => (
            <textarea
              id={id}
              aria-describedby={hint}
              rows={2}
              maxLength={2000}
              value={text}
              onInput={event => {
                text.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <button type="submit">{t('notice.post')}</button>
        <Status text={refusal} />
      </form>
    </>
  );
}

function AddPerson() {
  const [act, refusal] = useAct();
  const name = useSignal('');
  return (
    <>
      <h3>{t('add_person.title')}</h3>
      <form
        onSubmit={async event => {
          event.preventDefault();
          if (await act({ t: 'add_person', name: name.value })) name.value = '';
        }}
      >
        <Field label={t('add_person.name')} hint={t('add_person.hint')}>
          {(id, hint) => (
            <input
              id={id}
              aria-describedby={hint}
              required
              maxLength={40}
              value={name}
              onInput={event => {
                name.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
        <button type="submit">{t('add_person.add')}</button>
        <Status text={refusal} />
      </form>
    </>
  );
}

function Blocked() {
  const room = useRoom();
  const [act, refusal] = useAct();
  if (!room.blocked?.length) return null;
  return (
    <>
      <h3>{t('blocked.title')}</h3>
      <ul>
        {room.blocked.map(({ id, name }) => (
          <li key={id}>
            {name}{' '}
            <Button label={t('blocked.unblock_name', { name })} onClick={() => act({ t: 'unblock', who: id })}>
              {t('blocked.unblock')}
            </Button>
          </li>
        ))}
      </ul>
      <Status text={refusal} />
    </>
  );
}

/** Who is here, and what those who serve can do for each. */
import { useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import { fold } from '../store/people.js';
import { placeOf } from '../store/queue.js';
import { greets, keepsTime, mayActOn, ROLES, rolesToGive, serves } from '../store/roles.js';
import type { Participant, Role } from '../store/room.js';
import { useAct, useApp, useRoom } from './context.js';
import { Button, Choose, Disclosure, Field, More, Status } from './controls.js';
import { Face } from './Face.js';
import { HelpForm } from './HelpForm.js';
import { PIECE, usePieces } from './pieces.js';

export function People() {
  const { store } = useApp();
  const room = useRoom();
  const people = room.participants.toSorted((a, b) => ROLES.indexOf(a.role) - ROLES.indexOf(b.role));
  const sought = useSignal('');
  const found = sought.value ? people.filter(it => fold(it.name).includes(fold(sought.value))) : people;
  const [shown, drawn, more] = usePieces();
  const isDiscreet = room.rules.roster === 'service' && !serves(store.role.value);
  return (
    <section class="people" aria-labelledby="people-title">
      <h2 id="people-title">{t('people.title')}</h2>
      <p>{isDiscreet ? t('people.discreet') : t('people.count', { n: people.length })}</p>
      {people.length > PIECE && (
        <Field label={t('people.find')}>
          {id => (
            <input
              id={id}
              type="search"
              value={sought.value}
              onInput={event => {
                sought.value = event.currentTarget.value.trim();
              }}
            />
          )}
        </Field>
      )}
      <ul>
        {found.slice(0, drawn).map(person => (
          <Row key={person.id} person={person} />
        ))}
      </ul>
      {found.length > shown && <Button onClick={more}>{t('list.more', { n: found.length - shown })}</Button>}
    </section>
  );
}

function Row({ person }: { readonly person: Participant }) {
  const room = useRoom();
  const { id, name, role, presence, muted, device, shares } = person;
  return (
    <li class={id === room.you ? 'is-me' : undefined}>
      <Face id={id} name={name} />
      <span class="who">
        <strong>{id === room.you ? t('name.you', { name }) : name}</strong>
        {role !== 'member' && <span class="tag">{t(`role.${role}`)}</span>}
        {presence === 'away' && <span class="tag">{t('people.away')}</span>}
        {muted && <span class="tag">{t('people.muted')}</span>}
        {device === false && <span class="tag">{t('people.no_device')}</span>}
        {shares > 0 && <span class="hint">{t('people.shared', { n: shares })}</span>}
      </span>
      {id !== room.you && <Controls person={person} />}
    </li>
  );
}

function Controls({ person }: { readonly person: Participant }) {
  return <More label={t('person.manage_of', { name: person.name })}>{() => <Deeds person={person} />}</More>;
}

function Deeds({ person }: { readonly person: Participant }) {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const role = store.role.value;
  const { id, name } = person;
  const isWaiting = placeOf(room, id) >= 0;
  const hasFloor = room.floor?.who === id;
  const roles = rolesToGive(role, person);
  return (
    <>
      <div class="row">
        {keepsTime(role) && !room.quiet && !hasFloor && (
          <Button onClick={() => act({ t: 'call', who: id, after: room.floor?.share ?? null })}>
            {t('person.call', { name })}
          </Button>
        )}
        {keepsTime(role) && !room.quiet && !isWaiting && (
          <Button onClick={() => act({ t: 'put_back', who: id })}>{t('person.put_back')}</Button>
        )}
        {(keepsTime(role) || greets(role)) && !room.quiet && person.device === false && !isWaiting && !hasFloor && (
          <Button onClick={() => act({ t: 'raise_hand', who: id })}>{t('person.raise_hand')}</Button>
        )}
        {greets(role) && mayActOn(role, person) && (
          <Button onClick={() => act({ t: person.muted ? 'unmute' : 'mute', who: id })}>
            {t(person.muted ? 'person.unmute' : 'person.mute')}
          </Button>
        )}
      </div>
      {roles.length > 1 && (
        <Choose
          label={t('person.role')}
          value={person.role}
          options={roles.map(it => [it, t(`role.${it}`)] as const)}
          onChoose={value => act({ t: 'role', who: id, role: value as Role })}
        />
      )}
      <div class="row">
        {role === 'facilitator' && person.device !== false && (
          <Disclosure name={t('person.hand_over')} kind="quiet">
            {close => (
              <>
                <p>{t('person.hand_over_text', { name })}</p>
                <Button
                  kind="grave"
                  onClick={() => {
                    close();
                    void act({ t: 'hand_over', who: id });
                  }}
                >
                  {t('person.hand_over_do', { name })}
                </Button>
              </>
            )}
          </Disclosure>
        )}
        {greets(role) && mayActOn(role, person) && <Remove person={person} act={act} />}
        <Disclosure name={t('report.begin')} kind="quiet">
          {done => <HelpForm about={{ who: id }} onDone={done} />}
        </Disclosure>
      </div>
      <Status text={refusal} />
    </>
  );
}

interface RemoveProps {
  readonly person: Participant;
  readonly act: ReturnType<typeof useAct>[0];
}

function Remove({ person, act }: RemoveProps) {
  const block = useSignal(true);
  return (
    <Disclosure name={t('person.remove')} kind="quiet">
      {() => (
        <>
          <p>{t('person.remove_text', { name: person.name })}</p>
          <label class="check">
            <input
              type="checkbox"
              checked={block.value}
              onChange={event => {
                block.value = event.currentTarget.checked;
              }}
            />{' '}
            {t('person.block')}
          </label>
          <Button kind="grave" onClick={() => act({ t: 'remove', who: person.id, block: block.value })}>
            {t('person.remove_do', { name: person.name })}
          </Button>
        </>
      )}
    </Disclosure>
  );
}

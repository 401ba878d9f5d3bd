/** Oneself: the name, a milestone, what is read aloud, and the way out. */
import { useSignal } from '@preact/signals';
import { LEVELS, type Level, level } from '../announce.js';
import { chime, isChiming } from '../chime.js';
import { t } from '../i18n.js';
import type { Celebration } from '../store/room.js';
import { useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, Field, Select, Status } from './controls.js';
import { Languages } from './Languages.js';

const UNITS: readonly Celebration['unit'][] = ['days', 'months', 'years'];

export function You() {
  const { leave } = useApp();
  const room = useRoom();
  return (
    <section class="you" aria-labelledby="you-title">
      <h2 id="you-title">{t('you.title')}</h2>
      <Rename />
      <Celebrate />
      <Select
        label={t('you.announce')}
        value={level.value}
        options={LEVELS.map(it => [it, t(`announce.${it}`)] as const)}
        onChange={value => {
          level.value = value as Level;
        }}
      />
      <Languages />
      <label class="check">
        <input
          type="checkbox"
          checked={isChiming.value}
          onChange={event => {
            isChiming.value = event.currentTarget.checked;
            chime();
          }}
        />{' '}
        {t('you.chime')}
      </label>
      <h3>{t('you.rules')}</h3>
      <ul>
        <li>{t(`rules.crosstalk_${room.rules.crosstalk}`)}</li>
        <li>{t(`rules.direct_${room.rules.direct_messages}`)}</li>
        <li>{t(`rules.roster_${room.rules.roster}`)}</li>
        <li>{t('join.kept')}</li>
      </ul>
      <Disclosure name={t('you.leave')}>
        {() => (
          <>
            <p>{t('you.leave_text')}</p>
            <Button kind="main" onClick={leave}>
              {t('you.leave_do')}
            </Button>
          </>
        )}
      </Disclosure>
    </section>
  );
}

function Rename() {
  const { store } = useApp();
  const [act, refusal] = useAct();
  const name = useSignal(store.me.value?.name ?? '');
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void act({ t: 'rename', name: name.value });
      }}
    >
      <Field label={t('you.name')}>
        {id => (
          <input
            id={id}
            required
            maxLength={40}
            value={name}
            onInput={event => {
              name.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
      <button type="submit">{t('you.rename')}</button>
      <Status text={refusal} />
    </form>
  );
}

function Celebrate() {
  const [act, refusal] = useAct();
  const count = useSignal('1');
  const unit = useSignal<Celebration['unit']>('years');
  return (
    <Disclosure name={t('milestone.begin')}>
      {close => (
        <form
          onSubmit={async event => {
            event.preventDefault();
            if (await act({ t: 'celebrate', count: Number(count.value), unit: unit.value })) close();
          }}
        >
          <Field label={t('milestone.count')}>
            {id => (
              <input
                id={id}
                type="number"
                inputMode="numeric"
                required
                min={1}
                max={100_000}
                value={count}
                onInput={event => {
                  count.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
          <Select
            label={t('milestone.unit')}
            value={unit.value}
            options={UNITS.map(it => [it, t(`milestone.unit_${it}`)] as const)}
            onChange={value => {
              unit.value = value as Celebration['unit'];
            }}
          />
          <button type="submit">{t('milestone.send')}</button>
          <Status text={refusal} />
        </form>
      )}
    </Disclosure>
  );
}

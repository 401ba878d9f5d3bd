/** The door: what the meeting is, a first name, the passcode if there is one. */
import { clock, countdown, inWords, t } from '../i18n.js';
import { reasonOf, useApp } from './context.js';
import { Field } from './controls.js';
import { Sheet } from './Sheet.js';

export function Join() {
  const { store, meeting, hasKey, prepare, join, hasPasscode, typed } = useApp();
  const { name, passcode } = typed;
  const refusal = store.refusal.value;
  const asksForPasscode =
    refusal?.code === 'bad_passcode' || (meeting.value.has_passcode === true && !hasPasscode.value && !hasKey.value);
  const { description, waiting_room, roster } = meeting.value;
  return (
    <Sheet title={meeting.value.name}>
      {description && (
        <p class="prose" dir="auto">
          {description}
        </p>
      )}
      <When />
      {hasKey.value && <p class="note">{t('join.key')}</p>}
      <form
        class="card"
        onSubmit={event => {
          event.preventDefault();
          join({ name: name.value, ...(passcode.value && { passcode: passcode.value }) });
        }}
      >
        <Field label={t('join.name')} hint={t('join.name_hint')}>
          {(id, hint) => (
            <input
              id={id}
              aria-describedby={hint}
              value={name}
              onInput={event => {
                name.value = event.currentTarget.value;
                prepare();
              }}
              required
              maxLength={40}
              autoComplete="given-name"
              autoCapitalize="words"
              enterkeyhint="go"
            />
          )}
        </Field>
        {asksForPasscode && (
          <Field label={t('join.passcode')} hint={t('join.passcode_hint')}>
            {(id, hint) => (
              <input
                id={id}
                aria-describedby={hint}
                value={passcode}
                onInput={event => {
                  passcode.value = event.currentTarget.value;
                }}
                required
                autoComplete="off"
                autoCapitalize="none"
                spellcheck={false}
              />
            )}
          </Field>
        )}
        {refusal && (
          <p class="status" role="alert">
            {reasonOf(refusal)}
          </p>
        )}
        <button type="submit" class="is-main">
          {t('join.enter')}
        </button>
      </form>
      <ul class="promises">
        <li>{t('join.kept')}</li>
        <li>{t(`join.seen_${roster ?? 'everyone'}`)}</li>
        {waiting_room && <li>{t('join.waiting_room')}</li>}
        <li>{t('join.pass')}</li>
      </ul>
    </Sheet>
  );
}

/** When it starts; before the doors open, how long until then. Whoever comes in early waits, and need not press again. */
function When() {
  const { store, meeting } = useApp();
  const now = store.now.value;
  const { next, minutes } = meeting.value;
  if (!next) return null;
  const untilDoors = next.doors_at - now;
  return (
    <>
      <p>
        {t(next.starts_at > now ? 'join.starts' : 'join.started', { time: clock(next.starts_at, now) })}{' '}
        {minutes !== undefined && t('join.lasts', { length: inWords(minutes * 60_000) })}
      </p>
      {untilDoors > 0 && (
        <p>
          {t('join.doors_in')}{' '}
          <strong class="countdown" role="timer" aria-label={t('waiting.opens_in', { length: inWords(untilDoors) })}>
            {countdown(untilDoors)}
          </strong>{' '}
          {t('join.early')}
        </p>
      )}
    </>
  );
}

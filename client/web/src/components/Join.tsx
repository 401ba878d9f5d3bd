/** The door: what the meeting is, a first name, the passcode if there is one. */
import { clock, t } from '../i18n.js';
import { useApp } from './context.js';
import { Field } from './controls.js';
import { Sheet } from './Sheet.js';

export function Join() {
  const { store, meeting, hasKey, join, hasPasscode, typed } = useApp();
  const { name, passcode } = typed;
  const refusal = store.refusal.value;
  const asksForPasscode =
    refusal?.code === 'bad_passcode' || (meeting.value.has_passcode === true && !hasPasscode.value && !hasKey.value);
  const { next, description } = meeting.value;
  return (
    <Sheet title={meeting.value.name}>
      {description && <p class="prose">{description}</p>}
      {next && (
        <p>
          {t(next.starts_at > store.now.value ? 'join.starts' : 'join.started', {
            time: clock(next.starts_at, store.now.value),
          })}
        </p>
      )}
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
            {refusal.message}
          </p>
        )}
        <button type="submit" class="is-main">
          {t('join.enter')}
        </button>
      </form>
      <ul class="promises">
        <li>{t('join.kept')}</li>
        <li>{t('join.seen')}</li>
        <li>{t('join.pass')}</li>
      </ul>
    </Sheet>
  );
}

/** A private call to the service team. */
import { useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import { useAct } from './context.js';
import { Field, Status } from './controls.js';

/** `about`: a person or a message to report; without it, a call for help. */
interface Props {
  readonly about?: { readonly who?: string; readonly message?: string };
  readonly onDone: () => void;
}

export function HelpForm({ about, onDone }: Props) {
  const text = useSignal('');
  const isHeard = useSignal(false);
  const [act, refusal] = useAct();
  const submit = async () => {
    const told = text.value.trim();
    const command = about ? { t: 'report', ...about } : { t: 'ask_for_help' };
    isHeard.value = await act({ ...command, ...(told && { text: told }) });
    if (isHeard.value) text.value = '';
  };
  if (isHeard.value)
    return (
      <div>
        <p role="status">{t(about ? 'report.heard' : 'help.heard')}</p>
        <button type="button" onClick={onDone}>
          {t('form.close')}
        </button>
      </div>
    );
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      <Field label={t(about ? 'report.text' : 'help.text')} hint={t('help.hint')}>
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
      <button type="submit" class="is-main">
        {t(about ? 'report.send' : 'help.send')}
      </button>
      <Status text={refusal} />
    </form>
  );
}

/** Where whoever has the floor writes the share, paragraph by paragraph. */
import type { Signal } from '@preact/signals';
import { t } from '../i18n.js';
import { useAct, useApp } from './context.js';
import { Field, Status } from './controls.js';
import { useSending } from './draft.js';

export const MOST_PARAGRAPH = 4000;

interface Props {
  readonly draft: Signal<string>;
  /** Whether one shares; or prepares a share; or has something left that was not sent. */
  readonly is: 'open' | 'draft' | 'over';
}

export function ShareComposer({ draft, is }: Props) {
  const { type } = useApp();
  const [act, refusal] = useAct();
  const { isSending, send } = useSending(draft, text => {
    type(false);
    return act({ t: 'share', text });
  });
  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault();
        send();
      }}
    >
      <Field label={t('share.write')} hint={t(`share.hint_${is}`)}>
        {(id, hint) => (
          <textarea
            id={id}
            aria-describedby={hint}
            rows={4}
            maxLength={MOST_PARAGRAPH}
            value={draft}
            onInput={event => {
              draft.value = event.currentTarget.value;
              if (is === 'open') type(draft.value !== '');
            }}
          />
        )}
      </Field>
      <div class="row">
        {is === 'open' ? (
          <button type="submit" class="is-main" aria-disabled={isSending.value || undefined}>
            {t(isSending.value ? 'send.sending' : 'share.send')}
          </button>
        ) : (
          draft.value && (
            <button
              type="button"
              onClick={() => {
                draft.value = '';
              }}
            >
              {t('share.discard')}
            </button>
          )
        )}
      </div>
      <Status text={refusal} />
    </form>
  );
}

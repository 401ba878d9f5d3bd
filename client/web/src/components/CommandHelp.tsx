import { t } from '../i18n.js';
import { useApp } from './context.js';
import { Button } from './controls.js';
import { WORDS } from './typed.js';

/** All that can be typed here, by this person. */
export function CommandHelp({ onClose }: { readonly onClose: () => void }) {
  const role = useApp().store.role.value;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's layout is its own
    <div class="disclosed" role="group" aria-label={t('typed.help')} ref={it => it?.focus()} tabIndex={-1}>
      <p>{t('typed.help_text')}</p>
      <dl class="words">
        {Object.entries(WORDS)
          .filter(([, { may }]) => may(role))
          .map(([word, { usage, effect }]) => (
            <div key={word}>
              <dt>
                <code>{`/${word} ${usage}`.trim()}</code>
              </dt>
              <dd>{t(effect)}</dd>
            </div>
          ))}
      </dl>
      <Button onClick={onClose}>{t('form.close')}</Button>
    </div>
  );
}

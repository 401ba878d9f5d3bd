/** The choice of a language, each under its own name. */
import { asLanguage, LANGUAGES, language, speak, t } from '../i18n.js';
import { Field } from './controls.js';

export function Languages() {
  return (
    <Field label={t('page.language')}>
      {id => (
        <select id={id} class="language" value={language} onChange={event => void choose(event.currentTarget.value)}>
          {Object.entries(LANGUAGES).map(([code, name]) => (
            <option key={code} value={code} lang={code}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

async function choose(code: string): Promise<void> {
  const chosen = asLanguage(code);
  if (!chosen) return;
  await speak(chosen).catch(() => {}); // no line: the page goes on in the language that it has
  // The server's pages follow. It is gone when the browser is closed, and tells nothing but this.
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store is not everywhere
  document.cookie = `language=${language.peek()}; path=/; samesite=strict`;
}

/** Where else one may go: what is open now, and what comes next. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { clock, t } from '../i18n.js';
import { type Suggestion, useApp } from './context.js';

export function NextMeetings() {
  const { store, fetchNext } = useApp();
  const found = useSignal<readonly Suggestion[]>([]);
  useEffect(() => {
    fetchNext().then(
      meetings => {
        found.value = meetings;
      },
      () => {}, // the link to the schedule is there in any case
    );
  }, [fetchNext, found]);
  if (found.value.length === 0) return null;
  return (
    <section aria-labelledby="next-title">
      <h2 id="next-title">{t('next.title')}</h2>
      <ul class="suggestions">
        {found.value.map(({ slug, name, starts_at, is_open }) => (
          <li key={`${slug} ${starts_at}`}>
            <a href={is_open ? `/r/${slug}` : `/m/${slug}`} dir="auto">
              {name}
            </a>{' '}
            <span class="hint">{is_open ? t('next.open') : clock(starts_at, store.now.value)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

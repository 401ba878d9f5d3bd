import type { ComponentChildren } from 'preact';
import { t } from '../i18n.js';
import { Languages } from './Languages.js';

/** The frame of every page but the room itself. */
export function Sheet({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <main class="sheet">
      <h1>{title}</h1>
      {children}
      <footer class="home">
        <a href="/">{t('page.schedule')}</a>
        <Languages />
      </footer>
    </main>
  );
}

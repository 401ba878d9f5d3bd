import type { ComponentChildren } from 'preact';
import { t } from '../i18n.js';
import { Disclosure } from './controls.js';
import { HelpLines } from './HelpLines.js';
import { Languages } from './Languages.js';
import { Leave } from './Leave.js';

/** The frame of every page but the room itself. */
export function Sheet({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="sheet">
      <header class="always">
        <Disclosure name={t('help.ask')}>{() => <HelpLines />}</Disclosure>
        <Leave />
      </header>
      <main>
        <h1 dir="auto">{title}</h1>
        {children}
      </main>
      <footer>
        <a href="/">{t('page.schedule')}</a>
        <Languages />
        <p class="hint">{t('leave.hint')}</p>
      </footer>
    </div>
  );
}

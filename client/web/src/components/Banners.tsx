/** What everybody should know of the room's or the line's state, above everything else. */
import { t } from '../i18n.js';
import { useApp, useRoom } from './context.js';

const INVISIBLE = 2000; // ms: a line that is back within is nobody's concern

/** Spoken and shown when the line has been down for two seconds; nothing else on the page changes. */
export function LineBanner() {
  const { store } = useApp();
  const line = store.line.value;
  const isDown = line.is === 'down' && store.now.value - store.offset.value - line.since >= INVISIBLE;
  return <div role="status">{isDown && <p class="banner">{t('line.down')}</p>}</div>;
}

export function RoomBanners() {
  const room = useRoom();
  const { me } = useApp().store;
  return (
    <div role="status">
      {room.quiet && <p class="banner is-quiet">{t('quiet.now')}</p>}
      {me.value?.muted && <p class="banner">{t('muted.you')}</p>}
      {room.state === 'fellowship' && <p class="banner">{t('agenda.fellowship')}</p>}
    </div>
  );
}

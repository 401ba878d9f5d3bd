/** What everybody should know of the room's state, above everything else. */
import { t } from '../i18n.js';
import { useApp, useRoom } from './context.js';

export function RoomBanners() {
  const room = useRoom();
  const { me } = useApp().store;
  return (
    <div class="banners" role="status">
      {room.quiet && <p class="banner is-quiet">{t('quiet.now')}</p>}
      {me.value?.muted && <p class="banner">{t('muted.you')}</p>}
      {room.state === 'fellowship' && <p class="banner">{t('agenda.fellowship')}</p>}
    </div>
  );
}

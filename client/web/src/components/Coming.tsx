/** Between the door and the room. */
import { t } from '../i18n.js';
import { useApp } from './context.js';
import { Sheet } from './Sheet.js';

export function Coming() {
  const { store, meeting } = useApp();
  return (
    <Sheet title={meeting.value.name}>
      <p role="status">{store.refusal.value?.message ?? t('coming.connecting')}</p>
    </Sheet>
  );
}

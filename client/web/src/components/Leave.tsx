/** The way out that leaves nothing to be seen. */
import { t } from '../i18n.js';
import { useApp } from './context.js';
import { Button } from './controls.js';

export function Leave() {
  const { leaveQuickly } = useApp();
  return (
    <Button kind="grave" onClick={leaveQuickly}>
      {t('leave.quickly')}
    </Button>
  );
}

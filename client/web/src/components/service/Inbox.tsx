/** What waits for the service team, wherever on the page they are: one line, however much there is of it. */
import { t } from '../../i18n.js';
import { greets, serves } from '../../store/roles.js';
import { useApp, useRoom } from '../context.js';
import { Button } from '../controls.js';

export function Inbox({ onOpen }: { readonly onOpen: () => void }) {
  const { store } = useApp();
  const room = useRoom();
  const role = store.role.value;
  if (!serves(role)) return null;
  const calls = room.requests.length;
  const lobby = greets(role) ? (room.lobby?.length ?? 0) : 0;
  if (calls + lobby === 0) return null;
  return (
    <p class="inbox">
      <span>
        {calls > 0 && <strong>{t('inbox.calls', { n: calls })} </strong>}
        {lobby > 0 && t('inbox.lobby', { n: lobby })}
      </span>
      <Button kind="quiet" onClick={onOpen}>
        {t('inbox.open')}
      </Button>
    </p>
  );
}

/** The waiting room: until the doors open, or until somebody lets one in. It turns into the room by itself. */

import { clock, countdown, inWords, t } from '../i18n.js';
import type { Waiting as WaitingMessage } from '../store/messages.js';
import { useApp } from './context.js';
import { Button } from './controls.js';
import { LineBanner } from './Notices.js';
import { Sheet } from './Sheet.js';

export function Waiting({ waiting }: { readonly waiting: WaitingMessage }) {
  const { store, leave } = useApp();
  const now = store.now.value;
  const opensAt = waiting.opens_at;
  return (
    <Sheet title={waiting.meeting.name}>
      <LineBanner />
      {waiting.reason === 'doors' && opensAt !== undefined ? (
        <>
          <p>{t('waiting.doors', { time: clock(opensAt, now) })}</p>
          <p class="big-time" role="timer" aria-label={t('waiting.opens_in', { length: inWords(opensAt - now) })}>
            {countdown(opensAt - now)}
          </p>
          <p>{t('waiting.stay')}</p>
        </>
      ) : (
        <>
          <p role="status">{t('waiting.admission', { n: waiting.place ?? 1 })}</p>
          <p>{t('waiting.soon')}</p>
        </>
      )}
      <Button kind="quiet" onClick={leave}>
        {t('waiting.leave')}
      </Button>
    </Sheet>
  );
}

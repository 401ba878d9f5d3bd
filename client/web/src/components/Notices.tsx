/** What this page has to say about itself: that the line is down, that a press was not taken. Beside the buttons, so that nothing that is being read moves. */
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.js';
import { useApp } from './context.js';
import { Button, notice } from './controls.js';

const INVISIBLE = 2000; // ms: a line that is back within is nobody's concern
const SHOWN = 6000; // ms

export function Notices() {
  const text = notice.value;
  useEffect(() => {
    const timer = setTimeout(() => {
      notice.value = '';
    }, SHOWN);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="notices">
      <LineBanner />
      <LostBanner />
      <div role="status">{text && <p class="note">{text}</p>}</div>
    </div>
  );
}

/** Spoken and shown when the line has been down for two seconds; nothing else on the page changes. */
export function LineBanner() {
  const { store } = useApp();
  const line = store.line.value;
  const isDown = line.is === 'down' && store.now.value - store.offset.value - line.since >= INVISIBLE;
  return <div role="status">{isDown && <p class="banner">{t('line.down')}</p>}</div>;
}

/** Said until it is answered: somebody may have to write again what they believe everybody has read. */
function LostBanner() {
  const { isLost } = useApp().store;
  return (
    <div role="alert">
      {isLost.value && (
        <div class="banner is-lost">
          <p>{t('lost.text')}</p>
          <Button
            onClick={() => {
              isLost.value = false;
            }}
          >
            {t('lost.understood')}
          </Button>
        </div>
      )}
    </div>
  );
}

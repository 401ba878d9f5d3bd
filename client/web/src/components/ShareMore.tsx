/** What can be done about a share: take its text back, or report whose it is. */
import { t } from '../i18n.js';
import { greets } from '../store/roles.js';
import type { Floor } from '../store/room.js';
import { nameOf, useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, More, Status } from './controls.js';
import { HelpForm } from './HelpForm.js';

export function ShareMore({ share }: { readonly share: Floor }) {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const isMine = share.who === room.you;
  const mayTakeBack = share.paragraphs.length > 0 && (isMine || greets(store.role.value));
  if (isMine && !mayTakeBack) return null;
  return (
    <More label={t('share.more_of', { name: nameOf(room, share.who) })}>
      {() => (
        <div class="row">
          {mayTakeBack && (
            <Disclosure name={t('chat.unsay')}>
              {close => (
                <>
                  <p>{t('share.unsay_text')}</p>
                  <Button
                    kind="grave"
                    onClick={() => {
                      close();
                      void act({ t: 'unsay', message: share.share });
                    }}
                  >
                    {t('share.unsay')}
                  </Button>
                </>
              )}
            </Disclosure>
          )}
          {!isMine && (
            <Disclosure name={t('report.begin')}>
              {done => <HelpForm about={{ who: share.who }} onDone={done} />}
            </Disclosure>
          )}
          <Status text={refusal} />
        </div>
      )}
    </More>
  );
}

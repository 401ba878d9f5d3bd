/** The end: it is over, one has left, or one was taken out. */
import { t } from '../i18n.js';
import type { Goodbye as Why } from '../store/store.js';
import { useApp } from './context.js';
import { Button } from './controls.js';
import { NextMeetings } from './NextMeetings.js';
import { Sheet } from './Sheet.js';

export function Goodbye({ why }: { readonly why: Why }) {
  const { join, askAgain } = useApp();
  return (
    <Sheet title={t(`goodbye.${why}.title`)}>
      <p>{t(`goodbye.${why}.text`)}</p>
      {why === 'elsewhere' && (
        <Button kind="main" onClick={() => join({})}>
          {t('goodbye.here')}
        </Button>
      )}
      {why === 'left' && <Button onClick={askAgain}>{t('goodbye.again')}</Button>}
      {why === 'misunderstood' && <Button onClick={() => location.reload()}>{t('goodbye.reload')}</Button>}
      {why !== 'elsewhere' && why !== 'misunderstood' && <NextMeetings />}
    </Sheet>
  );
}

/** Why one cannot come in, and what to do next. */

import { countdown, isKey, type Key, t } from '../i18n.js';
import type { Refused } from '../store/messages.js';
import { useApp } from './context.js';
import { Button } from './controls.js';
import { NextMeetings } from './NextMeetings.js';
import { Sheet } from './Sheet.js';

// What waiting or knocking again does not mend.
const FINAL = new Set(['blocked', 'ended', 'no_such_room']);

export function Refusal({ refusal, retryAt }: { readonly refusal: Refused; readonly retryAt: number | null }) {
  const { store, join } = useApp();
  const wait = retryAt === null ? 0 : Math.max(0, retryAt - store.now.value);
  const text = (part: 'title' | 'next'): string => {
    const key = `refused.${refusal.code}.${part}`;
    return t(isKey(key) ? key : (`refused.other.${part}` satisfies Key));
  };
  return (
    <Sheet title={text('title')}>
      {!isKey(`refused.${refusal.code}.title`) && <p>{refusal.message}</p>}
      <p>{text('next')}</p>
      {!FINAL.has(refusal.code) && (
        <Button kind="main" disabled={wait > 0} onClick={() => join({})}>
          {wait > 0 ? t('refused.again_in', { length: countdown(wait) }) : t('refused.again')}
        </Button>
      )}
      <NextMeetings />
    </Sheet>
  );
}

/** Something that grows at its end: who reads the end stays there, who reads further up is not moved. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.js';
import { Button } from './controls.js';

const NEAR = 48; // px

interface FollowProps {
  readonly label: string;
  /** How many there are, and the name of the last; it is new when either changes. */
  readonly count: number;
  readonly last?: string | undefined;
  readonly class: string;
  readonly role?: 'log';
  readonly children: ComponentChildren;
}

export function Follow({ label, count, last, class: name, role, children }: FollowProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const hasMore = useSignal(false);
  const toEnd = () => {
    const it = scroller.current;
    if (it) it.scrollTop = it.scrollHeight;
    hasMore.value = false;
  };
  useLayoutEffect(() => {
    if (isAtEnd.current) toEnd();
    else hasMore.value = true;
  }, [count, last]);
  return (
    <div class="follow">
      {/* biome-ignore lint/a11y/useAriaPropsSupportedByRole: the announcer reads the log aloud, as far as is wanted */}
      <div
        ref={scroller}
        class={name}
        role={role ?? 'group'}
        aria-live={role && 'off'}
        aria-label={label}
        tabIndex={0}
        onScroll={event => {
          const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
          isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR;
          if (isAtEnd.current) hasMore.value = false;
        }}
      >
        {children}
      </div>
      {hasMore.value && <Button onClick={toEnd}>{t('follow.more')}</Button>}
    </div>
  );
}

/** Something that grows at its end: who reads the end stays there, who reads further up is not moved. */
import { useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../i18n.js';
import { Button } from './controls.js';

const NEAR = 48; // px

interface FollowProps {
  readonly label: string;
  /** How many there are, and the name of the last; it is new when either changes. Where it is filled bit by bit, of the first, too. */
  readonly count: number;
  readonly first?: string | undefined;
  readonly last?: string | undefined;
  readonly class: string;
  readonly role?: 'log';
  /** Whether its end is being read; given where whoever fills it must know. */
  readonly isAtEnd?: RefObject<boolean>;
  /** Shows what is before the first; undefined where nothing is. */
  readonly onEarlier?: (() => void) | undefined;
  readonly children: ComponentChildren;
}

export function Follow({ label, count, first, last, class: name, role, children, onEarlier, ...props }: FollowProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const own = useRef(true);
  const isAtEnd = props.isAtEnd ?? own;
  /** While earlier ones are brought: how far from the end one reads. */
  const fromEnd = useRef<number | null>(null);
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
  useLayoutEffect(() => {
    if (isAtEnd.current) toEnd();
  }, [first]);
  useLayoutEffect(() => {
    const it = scroller.current;
    if (it && fromEnd.current !== null) it.scrollTop = it.scrollHeight - fromEnd.current;
    fromEnd.current = null;
  });
  const showEarlier = () => {
    const it = scroller.current;
    if (it) fromEnd.current = it.scrollHeight - it.scrollTop;
    isAtEnd.current = false;
    onEarlier?.();
  };
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
        {onEarlier && (
          <Button kind="quiet" onClick={showEarlier}>
            {t('follow.earlier')}
          </Button>
        )}
        {children}
      </div>
      {hasMore.value && <Button onClick={toEnd}>{t('follow.more')}</Button>}
    </div>
  );
}

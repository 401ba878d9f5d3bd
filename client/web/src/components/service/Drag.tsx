/** A handle by which a row of the queue is dragged to another place; the buttons beside it do the same. */
import { type Signal, useSignal } from '@preact/signals';
import { t } from '../../i18n.js';

/** Which hand is being dragged, and before which place it would land. */
export interface Dragged {
  readonly who: string;
  readonly to: number;
}

interface Props {
  readonly who: string;
  readonly name: string;
  readonly dragged: Signal<Dragged | null>;
  readonly onDrop: (place: number) => void;
}

export function Handle({ who, name, dragged, onDrop }: Props) {
  const isHeld = useSignal(false);
  const landing = (event: PointerEvent & { readonly currentTarget: HTMLElement }): number => {
    const rows = [...(event.currentTarget.closest('ol')?.children ?? [])];
    const below = rows.findIndex(row => {
      const { top, height } = row.getBoundingClientRect();
      return event.clientY < top + height / 2;
    });
    const from = rows.findIndex(row => row.contains(event.currentTarget));
    const to = below < 0 ? rows.length : below;
    return to > from ? to - 1 : to; // counted without the row itself
  };
  return (
    <span
      class={`handle ${isHeld.value ? 'is-held' : ''}`}
      title={t('queue.drag', { name })}
      aria-hidden="true"
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        isHeld.value = true;
        dragged.value = { who, to: landing(event) };
      }}
      onPointerMove={event => {
        if (isHeld.value) dragged.value = { who, to: landing(event) };
      }}
      onPointerUp={event => {
        if (isHeld.value) onDrop(landing(event));
        isHeld.value = false;
        dragged.value = null;
      }}
      onPointerCancel={() => {
        isHeld.value = false;
        dragged.value = null;
      }}
    >
      ⠿
    </span>
  );
}

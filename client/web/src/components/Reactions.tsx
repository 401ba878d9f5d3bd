/** The reactions that the room offers, to a message or a share. */

import { useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import type { Reactions as Counts } from '../store/room.js';
import { reasonOf, useApp, useRoom } from './context.js';
import { Button, Status } from './controls.js';

interface Props {
  readonly to: string;
  readonly counts: Counts;
  /** To what they are. */
  readonly label: string;
  /** Only those that somebody has given. */
  readonly areGiven?: boolean;
}

export function Reactions({ to, counts, label, areGiven }: Props) {
  const { store, send } = useApp();
  const room = useRoom();
  const refusal = useSignal('');
  const react = async (emoji: string, on: boolean) => {
    refusal.value = '';
    const outcome = await send({ t: 'react', to, emoji, on });
    if (outcome.ok) store.hasReacted(to, emoji, on);
    else refusal.value = reasonOf(outcome);
  };
  const shown = areGiven ? room.emoji.filter(emoji => (counts[emoji] ?? 0) > 0) : room.emoji;
  if (shown.length === 0) return null;
  return (
    <fieldset class="reactions">
      <legend class="unseen">{label}</legend>
      {shown.map(emoji => {
        const isOn = store.reacted.value.has(`${to} ${emoji}`);
        const n = counts[emoji] ?? 0;
        return (
          <Button
            key={emoji}
            kind="quiet"
            pressed={isOn}
            label={n > 0 ? t('react.count', { emoji, n }) : emoji}
            onClick={() => react(emoji, !isOn)}
          >
            {emoji}
            {n > 0 && ` ${n}`}
          </Button>
        );
      })}
      <Status text={refusal} />
    </fieldset>
  );
}

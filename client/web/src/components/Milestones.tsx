/** Milestones: what people celebrate tonight. */
import { t } from '../i18n.js';
import type { Celebration, Room } from '../store/room.js';
import { nameOf, useRoom } from './context.js';
import { Button } from './controls.js';
import { usePieces } from './pieces.js';

export function Milestones() {
  const room = useRoom();
  const [shown, drawn, more] = usePieces();
  if (room.celebrations.length === 0) return null;
  return (
    <section class="milestones" aria-labelledby="milestones-title">
      <h2 id="milestones-title">{t('milestone.title')}</h2>
      <ul>
        {room.celebrations.slice(0, drawn).map(celebration => (
          <li key={`${celebration.by} ${celebration.at}`}>
            <span aria-hidden="true">🎉 </span>
            {milestoneInWords(room, celebration)}
          </li>
        ))}
      </ul>
      {room.celebrations.length > shown && (
        <Button onClick={more}>{t('list.more', { n: room.celebrations.length - shown })}</Button>
      )}
    </section>
  );
}

export function milestoneInWords(room: Room, { by, count, unit, name }: Celebration): string {
  return t('milestone.one', { name: nameOf(room, by, name), length: t(`milestone.${unit}`, { n: count }) });
}

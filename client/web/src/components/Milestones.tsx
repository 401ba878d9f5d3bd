/** Milestones: what people celebrate tonight. */
import { t } from '../i18n.js';
import type { Celebration, Room } from '../store/room.js';
import { nameOf, useRoom } from './context.js';

export function Milestones() {
  const room = useRoom();
  if (room.celebrations.length === 0) return null;
  return (
    <section class="milestones" aria-labelledby="milestones-title">
      <h2 id="milestones-title">{t('milestone.title')}</h2>
      <ul>
        {room.celebrations.map(celebration => (
          <li key={`${celebration.by} ${celebration.at}`}>
            <span aria-hidden="true">🎉 </span>
            {milestoneInWords(room, celebration)}
          </li>
        ))}
      </ul>
    </section>
  );
}

export function milestoneInWords(room: Room, { by, count, unit, name }: Celebration): string {
  return t('milestone.one', { name: nameOf(room, by, name), length: t(`milestone.${unit}`, { n: count }) });
}

/** Milestones: what people celebrate tonight. */
import { t } from '../i18n.js';
import { nameOf, useRoom } from './context.js';

export function Milestones() {
  const room = useRoom();
  if (room.celebrations.length === 0) return null;
  return (
    <section class="milestones" aria-labelledby="milestones-title">
      <h2 id="milestones-title">{t('milestone.title')}</h2>
      <ul>
        {room.celebrations.map(({ by, count, unit, at, name }) => (
          <li key={`${by} ${at}`}>
            <span aria-hidden="true">🎉 </span>
            {t('milestone.one', { name: nameOf(room, by, name), length: t(`milestone.${unit}`, { n: count }) })}
          </li>
        ))}
      </ul>
    </section>
  );
}

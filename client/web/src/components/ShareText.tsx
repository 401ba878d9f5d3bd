/** The text of a share as it grows. */
import { t } from '../i18n.js';
import type { Floor } from '../store/room.js';
import { Follow } from './Follow.js';

export function ShareText({ share }: { readonly share: Floor }) {
  if (share.paragraphs.length === 0) return null;
  return (
    <Follow label={t('share.text')} count={share.paragraphs.length} class="share-text">
      {share.paragraphs.map((paragraph, n) => (
        <p key={n} dir="auto">
          {paragraph}
        </p>
      ))}
    </Follow>
  );
}

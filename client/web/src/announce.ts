/** What is read aloud to those who do not see the page: each event as a sentence, or nothing. */
import { signal } from '@preact/signals';
import { nameOf, titleOf } from './components/context.js';
import { t } from './i18n.js';
import type { Event } from './store/events.js';
import { serves } from './store/roles.js';
import { myself, type Room } from './store/room.js';

export const LEVELS = ['everything', 'mine', 'nothing'] as const;
export type Level = (typeof LEVELS)[number];

/** How much this person wants to hear. */
export const level = signal<Level>('mine');

/** What is said of an event. `isUrgent`: at once, and not after what is being read. */
export interface Announcement {
  readonly text: string;
  readonly isUrgent: boolean;
}

/** The sentence for `event`, which led from `before` to `after`; null where it is not to be heard at that level. */
export function announcement(before: Room, event: Event, after: Room, heard: Level): Announcement | null {
  if (heard === 'nothing') return null;
  const mine = concerningMe(before, event, after);
  if (mine !== null) return { text: mine, isUrgent: true };
  const text = heard === 'everything' ? general(before, event, after) : null;
  return text === null ? null : { text, isUrgent: false };
}

function concerningMe(before: Room, event: Event, after: Room): string | null {
  const { you } = after;
  const team = serves(myself(after)?.role ?? 'member');
  switch (event.t) {
    case 'called':
      return event.who === you ? t('stage.you_called') : null;
    case 'share_ended':
      return event.who === you ? t('announce.your_share_ended') : null;
    case 'hand_lowered':
      return event.who === you && event.by !== you ? t('announce.hand_lowered') : null;
    case 'said':
      if (event.by === you || event.to === 'everyone') return null;
      return t('announce.aside', { name: nameOf(after, event.by ?? null, event.name), text: event.text });
    case 'muted':
      return event.who === you ? t('muted.you') : null;
    case 'unmuted':
      return event.who === you ? t('announce.unmuted') : null;
    case 'role_changed':
      return event.who === you ? t('announce.your_role', { role: t(`role.${event.role}`) }) : null;
    case 'knocked':
      return team ? t('announce.knocked', { name: event.name }) : null;
    case 'help_asked':
    case 'reported':
      return team && event.by !== you ? t('announce.request') : null;
    case 'seen_to': {
      const isMine = before.requests.some(({ id, by }) => by === you && event.requests.includes(id));
      return isMine && event.by !== you ? t('announce.seen_to') : null;
    }
    case 'phase_due':
      return team ? t('announce.phase_due') : null;
    default:
      return null;
  }
}

function general(before: Room, event: Event, after: Room): string | null {
  switch (event.t) {
    case 'said':
      return event.by === after.you
        ? null
        : t('announce.said', { name: nameOf(after, event.by ?? null, event.name), text: event.text });
    case 'shared':
      return after.floor?.who === after.you ? null : event.text;
    case 'called':
      return t('stage.called', { name: nameOf(after, event.who, event.name) });
    case 'began':
      return event.who === after.you ? null : t('stage.sharing', { name: nameOf(after, event.who) });
    case 'share_ended':
      return t('announce.share_ended', { name: nameOf(before, event.who) });
    case 'phase_began': {
      const phase = after.agenda[event.phase];
      return phase ? t('agenda.now', { title: titleOf(phase) }) : null;
    }
    case 'hand_raised':
      return event.who === after.you ? null : t('announce.hand', { name: nameOf(after, event.who) });
    case 'joined':
      return event.who === after.you ? null : t('announce.joined', { name: event.name });
    case 'left':
      return t('announce.left', { name: nameOf(before, event.who) });
    case 'celebrated':
      return t('milestone.one', {
        name: nameOf(after, event.by ?? null, event.name),
        length: t(`milestone.${event.unit}`, { n: event.count }),
      });
    default:
      return null;
  }
}

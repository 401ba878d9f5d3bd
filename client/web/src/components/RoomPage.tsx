/** The room: what is going on, the chat, who is here; side by side where there is space, else one at a time. */
import { type Signal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { t } from '../i18n.js';
import { serves } from '../store/roles.js';
import { Agenda } from './Agenda.js';
import { Announcer } from './Announcer.js';
import { Applause } from './Applause.js';
import { RoomBanners } from './Banners.js';
import { Chat } from './Chat.js';
import { useApp, useRoom } from './context.js';
import { Button, useFocusKept } from './controls.js';
import { Dock } from './Dock.js';
import { later } from './later.js';
import { Milestones } from './Milestones.js';
import { People } from './People.js';
import { Queue } from './Queue.js';
import { Stage } from './Stage.js';
import { soon } from './soon.js';
import { Top } from './Top.js';
import { You } from './You.js';

type Panel = 'meeting' | 'chat' | 'people' | 'service' | 'you';

const Service = later(async () => (await import('./service/Service.js')).Service);

const LATER = 5000; // ms, when the room itself is there
const WIDE = '(min-width: 64rem)';

export function RoomPage() {
  const { store } = useApp();
  const isWide = useMedia(WIDE);
  const tab = useSignal<Panel>('meeting');
  const side = useSignal<Panel>('people');
  const team = serves(store.role.value);
  useScreenAwake();
  useTitle();
  useAll(team);
  const shown = (panel: Panel) =>
    isWide.value ? panel === 'meeting' || panel === 'chat' || panel === side.value : panel === tab.value;
  if (!team && side.value === 'service') side.value = 'people';
  if (!team && tab.value === 'service') tab.value = 'meeting';
  const panels: Panel[] = [
    ...(isWide.value ? [] : (['meeting', 'chat'] as const)),
    'people',
    ...(team ? (['service'] as const) : []),
    'you',
  ];
  return (
    <div class="room">
      <Top />
      <RoomBanners />
      <nav class="tabs" aria-label={t('panel.all')}>
        {panels.map(panel => (
          <Button
            key={panel}
            pressed={shown(panel)}
            onClick={() => {
              (isWide.value ? side : tab).value = panel;
            }}
          >
            {t(`panel.${panel}`)}
            <News panel={panel} isShown={shown(panel)} />
          </Button>
        ))}
      </nav>
      <main class="panels">
        <Section panel="meeting" isShown={shown('meeting')}>
          <Stage />
          <Queue />
          <Agenda />
          <Milestones />
        </Section>
        <Section panel="chat" isShown={shown('chat')}>
          <Chat />
        </Section>
        <Section panel="people" isShown={shown('people')}>
          <People />
        </Section>
        {team && (
          <Section panel="service" isShown={shown('service')}>
            <Service />
          </Section>
        )}
        <Section panel="you" isShown={shown('you')}>
          <You />
        </Section>
      </main>
      <Dock
        isServiceShown={shown('service')}
        onService={() => {
          (isWide.value ? side : tab).value = 'service';
        }}
      />
      <Announcer />
      <Applause />
    </div>
  );
}

interface SectionProps {
  readonly panel: Panel;
  readonly isShown: boolean;
  readonly children: ComponentChildren;
}

/**
 * A panel is made when it is first looked at; hidden again it keeps what was typed into it. Each is made in a task of
 * its own, after what is around it: an old phone stays at hand between them.
 */
function Section({ panel, isShown, children }: SectionProps) {
  const region = useFocusKept<HTMLDivElement>();
  const isMade = useSignal(false);
  useEffect(() => {
    if (!isShown) return;
    return soon(() => {
      isMade.value = true;
    });
  }, [isShown, isMade]);
  return (
    <div class={`panel panel-${panel}`} hidden={!isShown} ref={region} tabIndex={-1}>
      {isMade.value && children}
    </div>
  );
}

/** How much has come in a panel that is not shown. */
function News({ panel, isShown }: { readonly panel: Panel; readonly isShown: boolean }) {
  const { store } = useApp();
  const unread = useSignal(0);
  useEffect(() => {
    unread.value = 0;
    if (panel !== 'chat' || isShown) return;
    return store.watch((_, event) => {
      if (event.t === 'said') unread.value++;
    });
  }, [panel, isShown, store, unread]);
  const room = useRoom();
  const open = room.requests.length + (room.lobby?.length ?? 0);
  const n = panel === 'service' ? open : unread.value;
  if (n === 0) return null;
  return (
    <span class="count">
      {' '}
      <span aria-hidden="true">{n}</span>
      <span class="unseen">{t('panel.news', { n })}</span>
    </span>
  );
}

function useMedia(query: string): Signal<boolean> {
  const media = typeof matchMedia === 'function' ? matchMedia(query) : null;
  const matches = useSignal(media?.matches ?? false);
  useEffect(() => {
    const media = typeof matchMedia === 'function' ? matchMedia(query) : null;
    const update = () => {
      matches.value = media?.matches ?? false;
    };
    media?.addEventListener('change', update);
    return () => media?.removeEventListener('change', update);
  }, [query, matches]);
  return matches;
}

/** What is fetched when it is first shown is fetched anyway, later: a bad line, or a renewed server, may not bring it then. */
function useAll(team: boolean): void {
  useEffect(() => {
    const fetchAll = () =>
      Promise.all([import('./typed.js'), import('./CommandHelp.js'), team && import('./service/Service.js')]).catch(
        () => {},
      );
    const timer = setTimeout(fetchAll, LATER);
    return () => clearTimeout(timer);
  }, [team]);
}

/** Whose turn it is can be read from the tab of a page that is not looked at. */
function useTitle(): void {
  const room = useRoom();
  const isCalled = room.floor?.who === room.you && room.floor.state === 'called';
  const name = room.meeting.name;
  useEffect(() => {
    if (!isCalled) return;
    const before = document.title;
    document.title = `${t('stage.you_called')} · ${name}`;
    return () => {
      document.title = before;
    };
  }, [isCalled, name]);
}

/** The screen stays on as long as one is in the room; the browser lets go of it whenever the page is hidden. */
function useScreenAwake(): void {
  useEffect(() => {
    let isHere = true;
    let lock: WakeLockSentinel | null = null;
    const hold = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        lock = (await navigator.wakeLock?.request('screen')) ?? null;
      } catch {
        // Refused, for want of battery: then the screen goes dark as it always does.
      }
      if (!isHere) void lock?.release();
    };
    void hold();
    document.addEventListener('visibilitychange', hold);
    return () => {
      isHere = false;
      document.removeEventListener('visibilitychange', hold);
      void lock?.release();
    };
  }, []);
}

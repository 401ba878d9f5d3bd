/** What every component may reach: the store, and the way to ask for something. */
import { type Signal, useSignal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { isKey, language, t } from '../i18n.js';
import type { Command, Outcome } from '../store/messages.js';
import type { Phase, Room } from '../store/room.js';
import type { Store } from '../store/store.js';
import type { Lines } from './HelpLines.js';

/** What is known of the meeting before one is in. */
export interface Meeting {
  readonly name: string;
  readonly description?: string;
  readonly has_passcode?: boolean;
  readonly waiting_room?: boolean;
  readonly roster?: 'everyone' | 'service';
  readonly minutes?: number;
  readonly next?: { readonly doors_at: number; readonly starts_at: number } | null;
}

/** A meeting that one may come to instead. */
export interface Suggestion {
  readonly slug: string;
  readonly name: string;
  readonly starts_at: number;
  readonly is_open: boolean;
}

export interface App {
  readonly store: Store;
  readonly meeting: Signal<Meeting>;
  /** Whether a role key came with the link. */
  readonly hasKey: Signal<boolean>;
  readonly hasPasscode: Signal<boolean>;
  /** What was typed at the door: it is there again if something in it must be mended. */
  readonly typed: { readonly name: Signal<string>; readonly passcode: Signal<string> };
  /** Somebody is about to come in. */
  readonly prepare: () => void;
  /** Come in, or come in again with what was given before. */
  readonly join: (entry: { name?: string; passcode?: string }) => void;
  readonly leave: () => void;
  /** Back to the form by which one came in. */
  readonly askAgain: () => void;
  /** Away from here at once, without a trace. */
  readonly leaveQuickly: () => void;
  /** These two reject where there is no line. */
  readonly fetchHelp: () => Promise<Lines>;
  readonly fetchNext: () => Promise<readonly Suggestion[]>;
  readonly send: (command: Command) => Promise<Outcome>;
  /** Tell the others that one types, or no longer does. */
  readonly type: (on: boolean) => void;
}

const Context = createContext<App | null>(null);
export const AppProvider = Context.Provider;

export function useApp(): App {
  const app = useContext(Context);
  if (!app) throw new Error('expected an AppProvider around this component');
  return app;
}

/** The room, in a component that is only shown in one. It is drawn anew when a part changes that it has read. */
export const useRoom = (): Room => useApp().store.parts;

/** The name of a participant, present or remembered; in a discreet room not everybody's is known. */
export function nameOf(room: Room, who: string | null, name?: string): string {
  if (who === null) return t('name.room');
  return room.names[who] ?? name ?? t(room.rules.roster === 'service' ? 'name.somebody' : 'name.gone');
}

/** What a phase is called. */
export const titleOf = (phase: Phase | undefined): string => (phase ? phase.title || t(`kind.${phase.kind}`) : '');

/** Why something did not happen: the server's sentence, which is English, or else ours for its code. */
export function reasonOf({ code, message }: { readonly code: string; readonly message?: string }): string {
  const key = `outcome.${code}`;
  if (message !== undefined && (language.value === 'en' || !isKey(key))) return message;
  return isKey(key) ? t(key) : t('outcome.failed');
}

/** `act(command)`, and what to say near the control if it is refused, until one acts again. */
export function useAct(): [act: (command: Command) => Promise<boolean>, refusal: Signal<string>] {
  const { send } = useApp();
  const refusal = useSignal('');
  const act = async (command: Command) => {
    refusal.value = '';
    const outcome = await send(command);
    if (!outcome.ok) refusal.value = reasonOf(outcome);
    return outcome.ok;
  };
  return [act, refusal];
}

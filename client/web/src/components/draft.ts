/** Text on its way: it stays in its field until what it says was carried out, so that nothing typed is ever lost. */
import { type Signal, useSignal } from '@preact/signals';

export interface Sending {
  readonly isSending: Signal<boolean>;
  readonly send: () => void;
}

/** `submit` the text of `draft` and take it out of the field when that was accepted. */
export function useSending(draft: Signal<string>, submit: (text: string) => Promise<boolean>): Sending {
  const isSending = useSignal(false);
  const send = async () => {
    const sent = draft.value;
    if (!sent.trim() || isSending.value) return;
    isSending.value = true;
    const isDone = await submit(sent.trim());
    isSending.value = false;
    // What was typed on in the meantime stays.
    if (isDone && draft.value.startsWith(sent)) draft.value = draft.value.slice(sent.length).trimStart();
  };
  return { isSending, send: () => void send() };
}

/** Enter sends; with Shift, or while an input method composes, it does not. */
export function isEnter(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && !event.shiftKey && !event.isComposing;
}

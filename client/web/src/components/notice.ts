import type { useAct } from './context.js';
import { useApp } from './context.js';

/** Says something to everyone, and keeps it in sight. */
export function useNotice(act: ReturnType<typeof useAct>[0]): (text: string) => Promise<boolean> {
  const { store } = useApp();
  return async text => {
    if (!(await act({ t: 'say', text }))) return false;
    const room = store.room.value; // what one says oneself is there before its answer
    const said = room?.chat.messages.findLast(it => it.by === room.you && it.text === text);
    return said ? act({ t: 'pin', message: said.id }) : true;
  };
}

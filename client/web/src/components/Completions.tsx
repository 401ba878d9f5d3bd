/** How a command may go on: a list under the arrow keys, while the focus stays in the box. */
import { signal, useSignal } from '@preact/signals';
import { useEffect, useId } from 'preact/hooks';
import { t } from '../i18n.js';
import type { Completion, Sight } from './typed.js';

type Typed = typeof import('./typed.js');

/** The words themselves, once somebody has begun to type one. */
const words = signal<Typed | null>(null);

export interface Completing {
  readonly id: string;
  readonly offered: readonly Completion[];
  /** Which of them the arrow keys are on; -1 is none. */
  readonly active: number;
  readonly choose: (completion: Completion) => void;
  /** What the box tells of the list. */
  readonly field: Readonly<Record<string, string | undefined>>;
  /** Whether the list makes use of that key. */
  readonly takes: (event: KeyboardEvent) => boolean;
}

export function useCompletion(line: string, sight: () => Sight, write: (line: string) => void): Completing {
  const id = useId();
  // Both hold until the line is another. To forget them in an effect would be late: it could undo the next key.
  const marked = useSignal({ line, index: -1 });
  const shutFor = useSignal<string | null>(null); // by Escape
  const mark = () => (marked.value.line === line ? marked.value.index : -1);
  const isCommand = line.startsWith('/');
  useEffect(() => {
    if (isCommand && !words.peek())
      import('./typed.js').then(
        it => {
          words.value = it;
        },
        () => {}, // the line did not bring it: what is typed can be sent all the same
      );
  }, [isCommand]);
  const offered = isCommand && shutFor.value !== line ? (words.value?.completions(line, sight()) ?? []) : [];
  const choose = (completion: Completion) => write(completion.line);
  const takes = (event: KeyboardEvent): boolean => {
    if (offered.length === 0 || event.isComposing) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const active = mark();
    const chosen = offered[active];
    if (step)
      marked.value = {
        line,
        index: (active + step + offered.length + (active < 0 && step < 0 ? 1 : 0)) % offered.length,
      };
    else if (event.key === 'Escape') shutFor.value = line;
    else if (event.key === 'Enter' && chosen) choose(chosen);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const isOpen = offered.length > 0;
  const active = mark();
  const field = {
    'aria-autocomplete': 'list',
    'aria-haspopup': 'listbox',
    'aria-controls': isOpen ? id : undefined,
    'aria-activedescendant': isOpen && active >= 0 ? `${id}-${active}` : undefined,
  };
  return { id, offered, active, choose, field, takes };
}

export function Completions({ of: { id, offered, active, choose } }: { readonly of: Completing }) {
  const isOpen = offered.length > 0;
  return (
    <>
      <p class="unseen" role="status">
        {isOpen && t('typed.offered', { n: offered.length })}
      </p>
      {isOpen && (
        <div class="completions" id={id} role="listbox" aria-label={t('typed.help')} tabIndex={-1}>
          {offered.map((completion, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the box's
            // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the box
            <div
              key={completion.line}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === active}
              ref={it => {
                if (index === active) it?.scrollIntoView({ block: 'nearest' });
              }}
              onPointerDown={event => event.preventDefault()}
              onClick={() => choose(completion)}
            >
              <strong dir="auto">{completion.name}</strong> <span class="hint">{completion.effect}</span>
            </div>
          ))}
        </div>
      )}
    </>
  );
}

/** The controls that everything is made of. */
import { type ReadonlySignal, signal, useSignal } from '@preact/signals';
import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { t } from '../i18n.js';
import { OpenedByHand, useSettling } from './settling.js';

interface ButtonProps {
  readonly children: ComponentChildren;
  /** While what it returns is on its way, a guarded button does not act again. */
  readonly onClick: () => unknown;
  /** The one thing that most will want to do here; or what cannot be undone. */
  readonly kind?: 'main' | 'grave' | 'quiet';
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly controls?: string;
  /** Why or that it does nothing now. It keeps the focus and its place all the same. */
  readonly disabled?: boolean;
  /** The name for those who do not see what is around it; where words are visible, it must begin with them. */
  readonly label?: string;
  /** Guards it where what a press does, or what stands in this place, changes by itself (settling.ts). */
  readonly meaning?: string;
  readonly id?: string;
}

export function Button(props: ButtonProps) {
  const { children, onClick, kind, pressed, expanded, controls, disabled, label, meaning, id } = props;
  const settling = useSettling(meaning, name => {
    notice.value = t('button.now', { name });
  });
  const isOnItsWay = useSignal(false);
  const press = async (event: MouseEvent & { readonly currentTarget: HTMLButtonElement }) => {
    if (disabled || (meaning !== undefined && isOnItsWay.value)) return;
    if (!settling.isMeant(event)) {
      if (event.detail <= 1) notice.value = t('button.changed', { name: event.currentTarget.textContent ?? '' });
      return;
    }
    notice.value = '';
    isOnItsWay.value = true;
    await onClick();
    isOnItsWay.value = false;
  };
  return (
    <button
      type="button"
      {...(id && { id })}
      ref={settling.button}
      class={[kind && `is-${kind}`, settling.isSettling && 'is-settling'].filter(Boolean).join(' ') || undefined}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-controls={expanded ? controls : undefined}
      aria-disabled={disabled || settling.isSettling || undefined}
      aria-busy={isOnItsWay.value || undefined}
      aria-label={label}
      onPointerDown={settling.begin}
      onPointerCancel={settling.begin}
      onKeyDown={event => event.repeat || settling.begin(event)}
      onClick={event => void press(event)}
    >
      {children}
    </button>
  );
}

/** What everybody on this page should know of what they have just done; shown and spoken by `Notice`. */
export const notice = signal('');

/**
 * For a region in which controls come and go. Who had the focus on one that is taken away finds it on the region, and
 * not at the beginning of the page.
 */
export function useFocusKept<T extends HTMLElement>(): RefObject<T | null> {
  const region = useRef<T>(null);
  useEffect(() => {
    let focused: Node | null = null;
    const note = ({ target }: FocusEvent) => {
      focused = target instanceof Node && region.current?.contains(target) ? target : null;
    };
    const keep = () => {
      if (!focused || focused.isConnected || document.activeElement !== document.body) return;
      focused = null;
      region.current?.focus({ preventScroll: true });
    };
    const changes = new MutationObserver(keep);
    if (region.current) changes.observe(region.current, { childList: true, subtree: true });
    document.addEventListener('focusin', note);
    return () => {
      changes.disconnect();
      document.removeEventListener('focusin', note);
    };
  }, []);
  return region;
}

/** A line that says what came of it; spoken when it changes. */
export function Status({ text }: { readonly text: ReadonlySignal<string> }) {
  return (
    <p class="status" role="status">
      {text}
    </p>
  );
}

interface DisclosureProps {
  readonly name: ComponentChildren;
  readonly label?: string;
  readonly kind?: 'main' | 'grave' | 'quiet';
  /** `close` shuts it again. */
  readonly children: (close: () => void) => ComponentChildren;
}

/** A button that shows more below itself, and nothing else moves. Escape shuts it. */
export function Disclosure({ name, label, kind, children }: DisclosureProps) {
  const isOpen = useSignal(false);
  const id = useId();
  const shown = useRef<HTMLDivElement>(null);
  const close = () => {
    const hadFocus = shown.current?.contains(document.activeElement);
    isOpen.value = false;
    if (hadFocus) document.getElementById(`${id}-button`)?.focus(); // whoever was in it goes on from where they came
  };
  return (
    <div class="disclosure">
      <Button
        id={`${id}-button`}
        expanded={isOpen.value}
        controls={id}
        onClick={() => {
          isOpen.value = !isOpen.value;
        }}
        {...(kind && { kind })}
        {...(label && { label })}
      >
        {name}
      </Button>
      {isOpen.value && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset's layout is its own
        <div
          class="disclosed"
          id={id}
          ref={shown}
          role="group"
          aria-labelledby={`${id}-button`}
          onKeyDown={event => {
            if (event.key !== 'Escape') return;
            event.stopPropagation(); // of two that are open, one in the other, the inner one
            close();
          }}
        >
          <OpenedByHand value={true}>{children(close)}</OpenedByHand>
        </div>
      )}
    </div>
  );
}

/** The same, named by three dots: what can be done with the thing beside it, which `label` names. */
export function More({ label, children }: Required<Pick<DisclosureProps, 'label' | 'children'>>) {
  return (
    <Disclosure name={<span class="dots">⋯</span>} label={label} kind="quiet">
      {children}
    </Disclosure>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  /** The label is only for those who do not see what is around it. */
  readonly isPlain?: boolean;
  readonly children: (id: string, describedBy: string | undefined) => ComponentChildren;
}

/** A control with its label, and a hint that belongs to it. */
export function Field({ label, hint, isPlain, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={isPlain ? 'unseen' : undefined}>
        {label}
      </label>
      {children(id, hint ? `${id}-hint` : undefined)}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly onChange: (value: string) => void;
}

export function Select({ label, value, options, onChange }: SelectProps) {
  return (
    <Field label={label}>
      {id => (
        <select id={id} value={value} onChange={event => onChange(event.currentTarget.value)}>
          {options.map(([of, name]) => (
            <option key={of} value={of}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface ChooseProps {
  readonly label: string;
  /** What holds now. */
  readonly value: string;
  readonly options: readonly (readonly [value: string, name: string])[];
  readonly onChoose: (value: string) => void;
}

/** A choice that concerns others, and so is made with a second press: a list changes as soon as an arrow key is touched. */
export function Choose({ label, value, options, onChoose }: ChooseProps) {
  const draft = useSignal<string | null>(null);
  const chosen = draft.value ?? value;
  return (
    <form
      class="choose"
      onSubmit={event => {
        event.preventDefault();
        if (chosen !== value) onChoose(chosen);
        draft.value = null;
      }}
    >
      <Select
        label={label}
        value={chosen}
        options={options}
        onChange={it => {
          draft.value = it;
        }}
      />
      <button type="submit" aria-disabled={chosen === value || undefined}>
        {t('form.set')}
      </button>
    </form>
  );
}

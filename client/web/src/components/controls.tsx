/** The controls that everything is made of. */
import { type ReadonlySignal, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface ButtonProps {
  readonly children: ComponentChildren;
  readonly onClick: () => void;
  /** The one thing that most will want to do here; or what cannot be undone. */
  readonly kind?: 'main' | 'grave' | 'quiet';
  readonly pressed?: boolean;
  readonly expanded?: boolean;
  readonly controls?: string;
  /** Why or that it does nothing now. It keeps the focus and its place all the same. */
  readonly disabled?: boolean;
  /** The name for those who do not see what is around it; it must begin with the visible one. */
  readonly label?: string;
}

export function Button({ children, onClick, kind, pressed, expanded, controls, disabled, label }: ButtonProps) {
  return (
    <button
      type="button"
      class={kind && `is-${kind}`}
      aria-pressed={pressed}
      aria-expanded={expanded}
      aria-controls={expanded ? controls : undefined}
      aria-disabled={disabled || undefined}
      aria-label={label}
      onClick={() => disabled || onClick()}
    >
      {children}
    </button>
  );
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

/** A button that shows more below itself, and nothing else moves. */
export function Disclosure({ name, label, kind, children }: DisclosureProps) {
  const isOpen = useSignal(false);
  const id = useId();
  return (
    <div class="disclosure">
      <Button
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
        <div class="disclosed" id={id}>
          {children(() => {
            isOpen.value = false;
          })}
        </div>
      )}
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly children: (id: string, describedBy: string | undefined) => ComponentChildren;
}

/** A control with its label, and a hint that belongs to it. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
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

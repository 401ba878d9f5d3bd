/** A small round initial beside a name, in a colour of its own, so that people are told apart at a glance. */
export function Face({ id, name }: { readonly id: string; readonly name: string }) {
  let hue = 0;
  for (const letter of id) hue = (hue * 31 + letter.charCodeAt(0)) % 360;
  const [initial = ''] = name.trim();
  return (
    <span class="face" aria-hidden="true" style={{ '--hue': hue }}>
      {initial.toUpperCase()}
    </span>
  );
}

/** Do it in a task of its own: a press, or a word that has come, goes first. Returns how not to. */
export function soon(run: () => void): () => void {
  const timer = setTimeout(run);
  return () => clearTimeout(timer);
}

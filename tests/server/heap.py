"""What this process still holds: the texts on its heap."""

import gc
from collections.abc import Iterable


def held(*backwards: str) -> list[str]:
    """Which of these words, each told backwards so as not to find itself, stand in any text on the heap; and where."""
    gc.unfreeze()  # what was there when the server started may hold what came later
    gc.collect()
    words = [word[::-1] for word in backwards]
    ours = {id(words), *map(id, words)}
    return [
        f"{word}, held by {type(holder).__name__}: {str(holder)[:300]}"
        for text, holder in _texts(ours)
        for word in words
        if (word in text if isinstance(text, str) else word.encode() in text)
    ]


def _texts(without: set[int]) -> Iterable[tuple[str | bytes | bytearray, object]]:
    """Every text that can be reached, and by what."""
    ahead: list[object] = gc.get_objects()
    seen = {id(it) for it in ahead} | without | {id(ahead)}
    seen.add(id(seen))
    for holder in ahead:  # grows by those that the collector does not track
        if id(holder) in without:
            continue
        for it in gc.get_referents(holder):
            if id(it) not in seen:
                seen.add(id(it))
                if isinstance(it, str | bytes | bytearray):
                    yield it, holder
                else:
                    ahead.append(it)

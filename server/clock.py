"""The room's clock: the wall's time at the start, carried on by the monotonic clock, so that it never jumps."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Says the time in milliseconds since the epoch; never goes back."""


def steady_clock() -> Clock:
    """A clock that keeps its pace whatever happens to the machine's date."""
    offset = time.time() - time.monotonic()
    return lambda: round((time.monotonic() + offset) * 1000)

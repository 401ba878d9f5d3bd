"""The room's clock: the time at the start, carried on by the monotonic clock, so that it never jumps."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Says the time in milliseconds since the epoch; never goes back."""


class SteadyClock:
    """Keeps its pace whatever happens to the machine's date; where it is set back, it waits rather than to go back."""

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset = wall() - monotonic()
        self._latest = 0

    def __call__(self) -> int:
        self._latest = max(self._latest, round((self._monotonic() + self._offset) * 1000))
        return self._latest

    def set(self, milliseconds: float) -> None:
        """It is that time now, by a clock that others go by, too."""
        self._offset = milliseconds / 1000 - self._monotonic()

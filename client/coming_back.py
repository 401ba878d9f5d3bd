"""Lines that close: for good, or for a while (docs/protocol.md, "Refusals and close codes")."""

import random
from typing import Final

from msgspec import Struct

from rooms.vocabulary import Refused

FIRST_DELAY: Final = 0.25  # seconds before the first attempt to come back; it doubles with each
LONGEST_DELAY: Final = 30.0

COME_AT_ONCE: Final = frozenset({1012, 4008})
COME_LATER: Final = 4029
STAY_AWAY: Final = frozenset({1000, 1009, 4000, 4001, 4003, 4004, 4009})
WILL_PASS: Final = frozenset({"too_fast", "unavailable"})  # refusals of a hello that nobody need be asked about


class Closed(Exception):  # noqa: N818
    """The line is closed for good: by the protocol's close `code`, or with the HTTP status that refused it.

    `refusal` is what the server said before it. After 1000 the meeting is over, or one has left.
    """

    def __init__(self, code: int, refusal: Refused | None = None) -> None:
        super().__init__(f"closed with {code}" if refusal is None else f"closed with {code}, {refusal.code}")
        self.code = code
        self.refusal = refusal


class Delays(Struct, frozen=True):
    """How long to wait before coming back, in seconds: a random time, longer after each attempt that fails."""

    first: float = FIRST_DELAY
    longest: float = LONGEST_DELAY

    def after(self, code: int, failures: int) -> float:
        """Before the next attempt, after `failures` in a row; `code` is the close code that made it necessary."""
        if code in COME_AT_ONCE and not failures:
            return random.uniform(0, self.first)  # noqa: S311
        most = self.longest if code == COME_LATER else min(self.first * 2 ** min(failures, 16), self.longest)
        return random.uniform(most / 2, most)  # noqa: S311


def is_for_good(code: int, refusal: Refused | None) -> bool:
    """Whether to stay away after that close code and the refusal before it."""
    will_pass = code == 4001 and refusal is not None and refusal.code in WILL_PASS
    return code in STAY_AWAY and not will_pass

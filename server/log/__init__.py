"""The log: a room's only truth. What is in it happened, in that order; everything else is a copy.

`memory.py` keeps it in this process. An implementation passes the contract tests in `tests/contract/test_log.py`.
"""

from hashlib import blake2b
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from rooms.room import AnyEvent
from rooms.vocabulary import Audience, Event, ParticipantId, RoomId

WINDOW: Final = 64  # command ids for each participant

_encode: Final = msgspec.msgpack.Encoder().encode


class Position(Struct, frozen=True):
    """Where a log stands: which log (a random name), the last event's number, and the tag chained over all of them."""

    epoch: str
    seq: int
    tag: str


class Entry(Struct, frozen=True):
    """One event and those who may see it, decided when it happened."""

    event: AnyEvent
    audience: Audience


class Conflict(Exception):  # noqa: N818 - the log's word
    """The state has moved since the events were decided. Catch up, decide again."""


class TooOld(Exception):  # noqa: N818
    """What was asked for is no longer there."""


class Unavailable(Exception):  # noqa: N818
    """The log cannot be reached just now; try again."""


class Window(Struct):
    """Which of a participant's commands were carried out: the last id, and a bit for each of the 64 up to it."""

    last: int = 0
    done: int = 0

    def has(self, command: int) -> bool | None:
        """Whether it was carried out; None below the window, where nobody knows any more."""
        if command > self.last:
            return False
        behind = self.last - command
        return None if behind >= WINDOW else bool(self.done >> behind & 1)

    def add(self, command: int) -> None:
        if command > self.last:
            self.done = (self.done << min(command - self.last, WINDOW) | 1) & ((1 << WINDOW) - 1)
            self.last = command
        else:
            self.done |= 1 << (self.last - command)


class Batch(Struct):
    """What was decided together, and is to become true together.

    The events are numbered and tagged from the position that they were decided on; `expected` is the state's version
    then. `commands` were carried out by it, those without events included. Of `forget` the text is taken back. Of
    `parted`, who will not come back, the commands need not be remembered any more.
    """

    entries: list[Entry]
    expected: int
    commands: list[tuple[ParticipantId, int]]
    forget: list[int]
    parted: list[ParticipantId]


class Loaded(Struct):
    """A room as the log has it: the last snapshot, what happened since, and the commands that were carried out."""

    position: Position
    snapshot: bytes | None
    entries: list[Entry]
    windows: dict[ParticipantId, Window]


class Log(Protocol):
    """All methods may raise `Unavailable`."""

    async def load(self, room: RoomId) -> Loaded:
        """The room's log; made, empty and with a new epoch, where there is none."""

    async def append(self, room: RoomId, batch: Batch) -> Position:
        """Make a batch true, wholly or not at all; the new head. Raises `Conflict`."""

    async def read(self, room: RoomId, after: int) -> list[Entry]:
        """What happened after event `after`. Raises `TooOld`."""

    async def tag_at(self, room: RoomId, seq: int) -> str | None:
        """The tag of event `seq`, by which a client's position is known to be of this log; None if it is too old."""

    async def save(self, room: RoomId, snapshot: bytes, seq: int) -> None:
        """Keep the state after event `seq`; what happened before the previous snapshot may be dropped."""

    async def wipe(self, room: RoomId) -> None:
        """Delete all of the room's log."""


def next_tag(previous: str, event: Event) -> str:
    """The tag after `event`, which has neither number nor tag yet: a hash chained over all events."""
    return blake2b(_encode(event), key=previous.encode(), digest_size=4).hexdigest()

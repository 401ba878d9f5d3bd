"""The log: a room's only truth. What is in it happened, in that order; everything else is a copy.

`memory.py` keeps it in this process, `redis.py` in Redis, for many. Both pass the tests in
`tests/contract/test_log.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1
from typing import Final, Protocol

import msgspec
from msgspec import Struct, field

from rooms.chat import blanked
from rooms.room import AnyEvent
from rooms.vocabulary import NOBODY, Audience, ParticipantId, RoomId

WINDOW: Final = 64  # command ids for each participant
ALL_DONE: Final = (1 << WINDOW) - 1
TAG_LENGTH: Final = 8
FORMER_LOGS: Final = 8  # that are remembered
FORMER_TAGS: Final = 256  # of each of them
TAGS_KEPT: Final = 10_000  # of events that are not kept any more


class Position(Struct, gc=False, frozen=True):
    """Where a log stands: which log (a random name), the last event's number, and the tag chained over all of them."""

    epoch: str = ""
    seq: int = 0
    tag: str = ""


class Entry(Struct, gc=False, frozen=True, array_like=True):
    """One event and those who may see it, decided when it happened."""

    event: AnyEvent
    audience: Audience


class Conflict(Exception):  # noqa: N818 - the log's word
    """The state has moved since the events were decided. Catch up, decide again."""


class Unavailable(Exception):  # noqa: N818
    """The log cannot be reached just now; try again."""


class Wiped(Exception):  # noqa: N818
    """The room is over, and its log was wiped."""


class Window(Struct, gc=False):
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
            self.done = (self.done << min(command - self.last, WINDOW) | 1) & ALL_DONE
            self.last = command
        else:
            self.done |= 1 << (self.last - command)


def blank(entry: Entry) -> Entry:
    """The entry as the log keeps it when its text was taken back."""
    return Entry(blanked(entry.event), NOBODY)


class Former(Struct, frozen=True):
    """A log that another goes on from: its name, how many events it had, and the tags of the last ones."""

    epoch: str
    seq: int
    tags: tuple[str, ...]

    def has(self, position: Position) -> bool:
        """Whether that was a position of it, as far as is known. After a failover there may be two of a number."""
        behind = self.seq - position.seq
        if position.epoch != self.epoch or behind < 0:
            return False
        return behind >= len(self.tags) or self.tags[-1 - behind] == position.tag


class History(Struct):
    """The latest entries of one log, and the tags of those before them, by which what was lost is told even late."""

    entries: list[Entry] = field(default_factory=list)
    seq: int = 0
    tags_before: str = ""

    @property
    def first(self) -> int:
        """The number of the first entry that is kept."""
        return self.seq - len(self.entries) + 1

    def add(self, entries: Sequence[Entry]) -> None:
        self.entries += entries
        self.seq += len(entries)

    def after(self, seq: int) -> list[Entry] | None:
        """What happened after event `seq`; None if that is no longer there, or is not yet."""
        return self.entries[seq - self.first + 1 :] if self.first - 1 <= seq <= self.seq else None

    def tag_at(self, seq: int) -> str | None:
        """The tag of event `seq`, by which a client's position is known to be of this log; None if it is too old."""
        if seq == 0:
            return ""
        if seq >= self.first:
            return self.entries[seq - self.first].event.tag if seq <= self.seq else None
        end = len(self.tags_before) - (self.first - 1 - seq) * TAG_LENGTH
        return self.tags_before[end - TAG_LENGTH : end] if end > 0 else None

    def former(self, epoch: str) -> Former:
        """This log, as it is remembered by one that goes on from it."""
        oldest = self.first - len(self.tags_before) // TAG_LENGTH
        seqs = range(max(oldest if oldest > 1 else 0, self.seq - FORMER_TAGS + 1), self.seq + 1)
        return Former(epoch, self.seq, tuple(self.tag_at(seq) or "" for seq in seqs))

    def blank(self, seq: int) -> Entry | None:
        """Entry `seq` without its text, for nobody to see; None if it is no longer there."""
        return blank(self.entries[seq - self.first]) if self.first <= seq <= self.seq else None

    def replace(self, seq: int, entry: Entry) -> None:
        """Keep another entry in the place of number `seq`, under the tag that it had."""
        if (at := seq - self.first) >= 0:
            entry.event.seq, entry.event.tag = seq, self.entries[at].event.tag
            self.entries[at] = entry

    def drop(self, seq: int) -> None:
        """Drop what happened up to event `seq`."""
        if (count := seq - self.first + 1) > 0:
            tags = "".join(entry.event.tag for entry in self.entries[:count])
            self.tags_before = (self.tags_before + tags)[-TAGS_KEPT * TAG_LENGTH :]
            del self.entries[:count]


class Batch(Struct):
    """What was decided together, and is to become true together.

    The events were decided at position `base`, when the state's version was `expected`; after them it is `version`, if
    nothing comes in between. `payloads` are the entries,
    encoded before they had numbers. `commands` were carried out by it, those without events included. `forget` are
    entries whose text is taken back, as they are to be kept, with the numbers that they have at `base`. Of `parted`,
    who will not come back, the commands need not be remembered any more. `windows` are those that the commands are in,
    before and after the batch, as the appender knows them: a log need not look for what it is told, but checks it.
    """

    base: Position
    expected: int
    version: int
    entries: list[Entry] = field(default_factory=list)
    payloads: list[bytes] = field(default_factory=list)
    commands: list[tuple[ParticipantId, int]] = field(default_factory=list)
    forget: list[Entry] = field(default_factory=list)
    parted: list[ParticipantId] = field(default_factory=list)
    windows: dict[ParticipantId, tuple[Window | None, Window]] = field(default_factory=dict)


class Appended(Struct):
    """A batch is true: the new head, and the talk of others that came in between and stands before it.

    `windows` are those of whose commands the appender cannot know: who made what was missed, and where it was mistaken.
    """

    position: Position
    missed: list[Entry]
    saved: int  # the seq of the snapshot
    windows: Mapping[ParticipantId, Window] = field(default_factory=dict)


class News(Struct):
    """What was appended, as those who follow the log hear it: after `base`, these entries."""

    base: Position
    position: Position
    entries: list[Entry]
    commands: list[tuple[ParticipantId, int]]
    parted: list[ParticipantId]


class Loaded(Struct):
    """A room as the log has it: the last snapshot, the latest events, and the commands that were carried out."""

    position: Position
    snapshot: bytes | None = None
    history: History = field(default_factory=History)
    windows: dict[ParticipantId, Window] = field(default_factory=dict)
    version: int = 0
    saved: int = 0  # the seq of the snapshot
    was: tuple[Former, ...] = ()  # the logs that it goes on from, the latest last


class Log(Protocol):
    """All methods may raise `Unavailable`."""

    async def follow(self, room: RoomId, heard: Callable[[News], None]) -> None:
        """From now on `heard` is told what other workers append, in order, though something may be left out."""

    async def unfollow(self, room: RoomId) -> None: ...

    async def load(self, room: RoomId) -> Loaded | None:
        """The room's log; None if there is none. Raises `Wiped`."""

    async def begin(self, room: RoomId, state: Loaded, instead_of: Position | None) -> bool:
        """Make the room's log, where there is none, or one that ends at `instead_of`; whether that was so."""

    async def has_most(self, room: RoomId, seq: int) -> bool:
        """Whether nobody has more than `seq` events of a room that the log has lost; others get time to say so."""

    async def heads(self, rooms: Sequence[RoomId]) -> list[Position | None]:
        """Where these rooms' logs stand, asked in one round trip."""

    async def append(self, room: RoomId, batch: Batch) -> Appended:
        """Make a batch true, wholly or not at all. Its events have the log's numbers and tags then.

        Raises `Conflict`, also if one of its commands was carried out before.
        """

    async def save(self, room: RoomId, snapshot: bytes, at: Position) -> None:
        """Keep the state after event `at`; what happened before the previous snapshot is dropped."""

    async def wipe(self, room: RoomId) -> None:
        """Delete all of the room's log, for good."""

    async def abandon(self, room: RoomId, at: Position) -> None:
        """Delete the room's log if it still stands `at`; it may be begun again."""


payload_of: Final[Callable[[Entry], bytes]] = msgspec.msgpack.Encoder().encode
"""The bytes that an entry is chained, kept and published as; to be taken before its event is numbered."""


def next_tag(previous: str, payload: bytes) -> str:
    """The tag after that entry: a hash chained over all entries."""
    return sha1(previous.encode() + payload, usedforsecurity=False).hexdigest()[:TAG_LENGTH]


def number(entries: Sequence[Entry], payloads: Sequence[bytes | msgspec.Raw], after: Position) -> Position:
    """Give the events the numbers and tags that follow `after`; the position of the last."""
    seq, tag = after.seq, after.tag
    for entry, payload in zip(entries, payloads, strict=True):
        seq += 1
        tag = next_tag(tag, payload)
        entry.event.seq, entry.event.tag = seq, tag
    return Position(after.epoch, seq, tag)

"""The log in this process's memory: the embedded default. What the process forgets, nobody else knows."""

import secrets
from bisect import bisect_right
from copy import deepcopy

from msgspec import Struct, field

from rooms.chat import blanked
from rooms.vocabulary import NOBODY, ParticipantId, RoomId
from server.log import Batch, Conflict, Entry, Loaded, Position, TooOld, Window


class _RoomLog(Struct):
    epoch: str
    seq: int = 0
    tag: str = ""
    version: int = 0
    before: str = ""  # the tag before the first entry that is kept
    entries: list[Entry] = field(default_factory=list)
    windows: dict[ParticipantId, Window] = field(default_factory=dict)
    snapshot: bytes | None = None
    saved: int = 0  # the seq of the snapshot

    @property
    def first(self) -> int:
        """The number of the first entry that is kept."""
        return self.seq - len(self.entries) + 1


class MemoryLog:
    """See `Log`. Bounded by its writers: they save a snapshot every so often, and what lies two snapshots back goes."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, _RoomLog] = {}

    async def load(self, room: RoomId) -> Loaded:
        log = self._rooms.get(room)
        if log is None:
            log = self._rooms[room] = _RoomLog(secrets.token_hex(4))
        since = log.entries[log.saved - log.first + 1 :]
        return Loaded(Position(log.epoch, log.seq, log.tag), log.snapshot, since, deepcopy(log.windows))

    async def append(self, room: RoomId, batch: Batch) -> Position:
        log = self._room(room)
        if batch.expected != log.version:
            raise Conflict
        for entry in batch.entries:
            event = entry.event
            if event.seq != log.seq + 1:
                raise Conflict
            log.entries.append(entry)
            log.seq, log.tag = event.seq, event.tag
            if event.moves:
                log.version = event.seq
        for who, command in batch.commands:
            log.windows.setdefault(who, Window()).add(command)
        for who in batch.parted:
            log.windows.pop(who, None)
        for seq in batch.forget:
            if (at := seq - log.first) >= 0:
                log.entries[at] = Entry(blanked(log.entries[at].event), NOBODY)
        return Position(log.epoch, log.seq, log.tag)

    async def read(self, room: RoomId, after: int) -> list[Entry]:
        log = self._room(room)
        if not log.first - 1 <= after <= log.seq:
            raise TooOld
        return log.entries[after - log.first + 1 :]

    async def tag_at(self, room: RoomId, seq: int) -> str | None:
        log = self._room(room)
        if seq == log.first - 1:
            return log.before
        return log.entries[seq - log.first].event.tag if log.first <= seq <= log.seq else None

    async def save(self, room: RoomId, snapshot: bytes, seq: int) -> None:
        log = self._room(room)
        drop = bisect_right(log.entries, log.saved, key=lambda entry: entry.event.seq)
        if drop:
            log.before = log.entries[drop - 1].event.tag
            del log.entries[:drop]
        log.snapshot, log.saved = snapshot, seq

    async def wipe(self, room: RoomId) -> None:
        self._rooms.pop(room, None)

    def _room(self, room: RoomId) -> _RoomLog:
        log = self._rooms.get(room)
        if log is None:
            raise TooOld
        return log

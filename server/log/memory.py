"""The log in this process's memory: the embedded default. What the process forgets, nobody else knows."""

from collections import deque
from collections.abc import Callable, Sequence
from copy import copy, deepcopy

from rooms.vocabulary import RoomId
from server.log import Appended, Batch, Conflict, Loaded, News, Position, Window, Wiped, number


class MemoryLog:
    """See `Log`. Bounded by its writers: they save a snapshot every so often, and what lies two snapshots back goes."""

    def __init__(self) -> None:
        self._rooms: dict[RoomId, Loaded] = {}
        self._wiped: deque[RoomId] = deque(maxlen=1000)

    async def follow(self, room: RoomId, heard: Callable[[News], None]) -> None:
        """There are no other workers."""

    async def unfollow(self, room: RoomId) -> None: ...

    async def load(self, room: RoomId) -> Loaded | None:
        if room in self._wiped:
            raise Wiped
        log = self._rooms.get(room)
        return None if log is None else _copy(log)

    async def begin(self, room: RoomId, state: Loaded, instead_of: Position | None) -> bool:
        log = self._rooms.get(room)
        if (None if log is None else log.position) != instead_of or room in self._wiped:
            return False
        self._rooms[room] = _copy(state)
        return True

    async def has_most(self, room: RoomId, seq: int) -> bool:
        return True

    async def heads(self, rooms: Sequence[RoomId]) -> list[Position | None]:
        return [log.position if (log := self._rooms.get(room)) is not None else None for room in rooms]

    async def append(self, room: RoomId, batch: Batch) -> Appended:
        log = self._rooms.get(room)
        if log is None or batch.base.epoch != log.position.epoch or batch.expected != log.version:
            raise Conflict
        for who, command in batch.commands:
            if who in log.windows and log.windows[who].has(command) is not False:
                raise Conflict
        base = log.position
        missed = log.history.after(batch.base.seq) if base != batch.base else []
        if missed is None or log.history.tag_at(batch.base.seq) != batch.base.tag:
            raise Conflict
        moved = base.seq - batch.base.seq
        log.position = number(batch.entries, batch.payloads, base)
        log.history.add(batch.entries)
        for entry in batch.entries:
            if entry.event.moves:
                log.version = entry.event.seq
        for who, command in batch.commands:
            log.windows.setdefault(who, Window()).add(command)
        for who in batch.parted:
            log.windows.pop(who, None)
        for entry in batch.forget:
            seq = entry.event.seq
            log.history.replace(seq if seq <= batch.base.seq else seq + moved, entry)
        whose = {entry.event.by for entry in missed} | {who for who, _ in batch.commands}
        windows = {who: copy(log.windows.get(who) or Window()) for who in whose if who is not None}
        return Appended(log.position, missed, log.saved, windows)

    async def save(self, room: RoomId, snapshot: bytes, at: Position) -> None:
        log = self._rooms.get(room)
        if log is not None and at.epoch == log.position.epoch and at.seq > log.saved:
            log.history.drop(log.saved)
            log.snapshot, log.saved = snapshot, at.seq

    async def wipe(self, room: RoomId) -> None:
        self._rooms.pop(room, None)
        self._wiped.append(room)

    async def abandon(self, room: RoomId, at: Position) -> None:
        if (log := self._rooms.get(room)) is not None and log.position == at:
            del self._rooms[room]


def _copy(log: Loaded) -> Loaded:
    """The events in it are shared, for nobody changes them; all else is not."""
    history = copy(log.history)
    history.entries = history.entries.copy()
    return Loaded(log.position, log.snapshot, history, deepcopy(log.windows), log.version, log.saved, log.was)

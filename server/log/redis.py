"""The log in Redis or Valkey, for any number of workers.

A room is one hash; append.lua tells its fields, and is the only thing that writes to them while the room lives.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from rooms.vocabulary import ParticipantId, RoomId
from server.log import (
    TAG_LENGTH,
    TAGS_KEPT,
    Appended,
    Batch,
    Conflict,
    Entry,
    Former,
    History,
    Loaded,
    News,
    Position,
    Unavailable,
    Window,
    Wiped,
    number,
    payload_of,
)
from server.redis import SERVER, RedisLine, Script

RENEWED: Final = 60.0  # seconds for which it need not be told again
LIFE: Final = 6 * 3600 * 1000  # ms that a log is kept after the last of its batches, and that it was wiped is known
OTHERS_SECONDS: Final = 1.0  # for other workers to say that they have more of a room that was lost
KNOWN: Final = 5000  # ms that it counts
USUAL: Final = 1000  # commands of one batch; Lua takes apart no list of 8,000
CONFLICT, UNCONFIRMED = None, -1  # what append.lua says if nothing was appended

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_former: Final = msgspec.msgpack.Decoder(tuple[Former, ...]).decode
_decode_entry: Final = msgspec.msgpack.Decoder(tuple[str, Entry]).decode


class _Published(Struct, array_like=True):
    """What append.lua publishes, after the worker's name."""

    epoch: str
    seq: int
    tag: str
    entries: list[tuple[str, Entry]]
    commands: list[tuple[ParticipantId, int]]
    parted: list[ParticipantId]


_decode_published: Final = msgspec.msgpack.Decoder(_Published).decode


class RedisLog:
    """See `Log`."""

    def __init__(self, line: RedisLine) -> None:
        self._line = line
        here = Path(__file__).parent
        self._advance, self._append, self._save, self._begin, self._known, self._confirm, self._wipe = (
            Script(here / f"{name}.lua") for name in ("advance", "append", "save", "begin", "known", "confirm", "wipe")
        )
        self._renewed: dict[RoomId, float] = {}  # when a log was last told how long to live

    async def follow(self, room: RoomId, heard: Callable[[News], None]) -> None:
        worker = self._line.worker.encode()

        def published(data: bytes) -> None:
            if data.startswith(worker):
                return
            if len(data) == len(worker):
                self._line.doubt.set()
            else:
                heard(_news(memoryview(data)[len(worker) :]))

        await self._line.subscribe(_channel(room), published)

    async def unfollow(self, room: RoomId) -> None:
        self._renewed.pop(room, None)
        await self._line.unsubscribe(_channel(room))

    async def load(self, room: RoomId) -> Loaded | None:
        names_and_values = iter(await self._line.call("HGETALL", _key(room)))
        fields: dict[bytes, bytes] = dict(zip(names_and_values, names_and_values, strict=True))
        if b"wiped" in fields:
            raise Wiped
        return _loaded(fields) if fields else None

    async def begin(self, room: RoomId, state: Loaded, instead_of: Position | None) -> bool:
        seen = "" if instead_of is None else _at(instead_of)
        done: int = await self._line.run(self._begin, [_key(room)], [seen, LIFE, *_fields(state)])
        return bool(done)

    async def has_most(self, room: RoomId, seq: int) -> bool:
        known, said = [_key(room) + b":known"], [self._line.worker, seq, KNOWN]
        await self._line.run(self._known, known, said)
        await self._line.call("SPUBLISH", _channel(room), self._line.worker)  # for others to look at once
        await asyncio.sleep(OTHERS_SECONDS)
        others: list[int] = await self._line.run(self._known, known, said)
        return max(others) <= seq

    async def heads(self, rooms: Sequence[RoomId]) -> list[Position | None]:
        found = await self._line.call_all([("HGET", _key(room), "head") for room in rooms])
        return [None if head is None else _read_head(head)[0] for head in found]

    async def append(self, room: RoomId, batch: Batch) -> Appended:
        end = number(batch.entries, batch.payloads, batch.base)
        entries = list(map(_stored, batch.entries, batch.payloads))
        told = _encode(batch.commands) + _encode(batch.parted)
        life = self._life(room)
        if not (life or batch.forget or batch.parted or len(batch.commands) > USUAL):
            saved = await self._line.run(self._advance, [_key(room)], self._advancing(batch, end, entries, told))
            if saved is not None:
                return Appended(end, [], int(saved))
        moving = batch.version - batch.base.seq if batch.version > batch.expected else 0
        arguments: list[Any] = [self._line.worker, _head(batch.base, batch.expected), moving, life]
        arguments += [len(entries), *entries, len(batch.forget)]
        for entry in batch.forget:
            arguments += [entry.event.seq, payload_of(entry)]
        arguments.append(len(batch.commands))
        for who, command in batch.commands:
            arguments += [who, command]
        arguments += [len(batch.parted), *batch.parted, _array_head(len(entries)), told, SERVER]
        reply = await self._line.run(self._append, [_key(room)], arguments)
        if reply == UNCONFIRMED:
            await self._make_sure(room)
        if reply in (CONFLICT, UNCONFIRMED):
            raise Conflict
        saved, tag, seq, missed, known = reply
        before = Position(batch.base.epoch, seq, tag.decode())
        first = batch.base.seq + 1
        missed_entries = [_numbered(*_decode_entry(raw), seq) for seq, raw in enumerate(missed, start=first)]
        windows = {ParticipantId(who.decode()): _window(it) for who, it in zip(known[::2], known[1::2], strict=True)}
        return Appended(number(batch.entries, batch.payloads, before), missed_entries, int(saved), windows)

    def _advancing(self, batch: Batch, end: Position, entries: list[bytes], told: bytes) -> list[Any]:
        """What advance.lua is told. Raises `Conflict`."""
        base = batch.base
        changes: list[Any] = ["head", _head(end, batch.version)]
        for seq, entry in enumerate(entries, start=base.seq + 1):
            changes += (f"e{seq}", entry)
        names, windows = list[str](), list[str]()
        for who, (before, after) in batch.windows.items():
            name = f"c{who}"
            names.append(name)
            windows.append("" if before is None else _written(before))
            changes += (name, _written(after))
        for who, command in batch.commands:
            before, _ = batch.windows[who]
            if before is not None and before.has(command) is not False:
                raise Conflict
        place = _encode((base.epoch, base.seq, base.tag))[1:]  # without the array's head: the news has more in it
        news = [self._line.worker.encode(), b"\x96", place, _array_head(len(entries)), *entries, told]
        return [len(names), *names, *windows, _head(base, batch.expected), b"".join(news), *changes, SERVER]

    async def _make_sure(self, room: RoomId) -> None:
        """The server is another than before, and may have lost the log's end: whoever has more of it is to say so.

        Raises `Unavailable` if somebody does.
        """
        [head] = await self.heads([room])
        if head is not None:
            if not await self.has_most(room, head.seq):
                raise Unavailable
            await self._line.run(self._confirm, [_key(room)], [_at(head)])

    def _life(self, room: RoomId) -> int:
        """How long its log is to live from now on, in ms; 0 if that need not be told again yet."""
        now = self._line.now()
        if now - self._renewed.get(room, -RENEWED) < RENEWED:
            return 0
        self._renewed[room] = now
        return LIFE

    async def save(self, room: RoomId, snapshot: bytes, at: Position) -> None:
        await self._line.run(self._save, [_key(room)], [at.epoch, at.seq, snapshot, TAGS_KEPT * TAG_LENGTH])

    async def wipe(self, room: RoomId) -> None:
        await self._line.run(self._wipe, [_key(room)], [LIFE])

    async def abandon(self, room: RoomId, at: Position) -> None:
        await self._line.run(self._wipe, [_key(room)], ["", _at(at)])


def _key(room: RoomId) -> bytes:
    return f"openchair:{{{room}}}".encode()


def _channel(room: RoomId) -> bytes:
    return f"openchair:{{{room}}}:news".encode()


def _at(position: Position) -> str:
    """The beginning of the head of a log that stands there."""
    return f"{position.epoch} {position.seq} {position.tag} "


def _head(position: Position, version: int) -> str:
    return f"{position.epoch} {position.seq} {position.tag} {version}"


def _read_head(head: bytes) -> tuple[Position, int]:
    """Where the log stands, and the version of its state."""
    epoch, seq, tag, version = head.decode().split(" ")
    return Position(epoch, int(seq), tag), int(version)


def _array_head(length: int) -> bytes:
    """The head of a MessagePack array of that length."""
    if length < 16:
        return bytes([0x90 + length])
    return b"\xdc" + length.to_bytes(2) if length < 2**16 else b"\xdd" + length.to_bytes(4)


def _news(data: memoryview) -> News:
    published = _decode_published(data)
    base = Position(published.epoch, published.seq, published.tag)
    entries = [_numbered(tag, entry, seq) for seq, (tag, entry) in enumerate(published.entries, start=base.seq + 1)]
    tag = entries[-1].event.tag if entries else base.tag
    return News(base, Position(base.epoch, base.seq + len(entries), tag), entries, published.commands, published.parted)


def _stored(entry: Entry, payload: bytes) -> bytes:
    """A numbered entry as the hash and the news have it: a MessagePack array of its tag and its payload."""
    return b"\x92\xa8%b%b" % (entry.event.tag.encode(), payload)


def _numbered(tag: str, entry: Entry, seq: int) -> Entry:
    entry.event.seq, entry.event.tag = seq, tag
    return entry


def _loaded(fields: dict[bytes, bytes]) -> Loaded:
    position, version = _read_head(fields[b"head"])
    entries = [
        _numbered(*_decode_entry(fields[b"e%d" % at]), at) for at in range(int(fields[b"first"]), position.seq + 1)
    ]
    windows = {ParticipantId(name[1:].decode()): _window(it) for name, it in fields.items() if name[:1] == b"c"}
    return Loaded(
        position, fields.get(b"snapshot"), History(entries, position.seq, fields[b"before"].decode()), windows,
        version, int(fields[b"saved"]), _decode_former(fields[b"was"]),
    )  # fmt: skip


def _window(stored: bytes) -> Window:
    last, _, done = stored.decode().partition(" ")
    return Window(int(last or 0), int(done[::-1] or "0", 2))


def _written(window: Window) -> str:
    return f"{window.last} {_backwards(window.done)}"


@lru_cache  # for most have carried out all of the last 64
def _backwards(done: int) -> str:
    return format(done, "b")[::-1].rstrip("0")


def _fields(state: Loaded) -> list[Any]:
    history = state.history
    fields: list[Any] = ["head", _head(state.position, state.version), "was", _encode(state.was)]
    fields += ["saved", state.saved, "first", history.first, "before", history.tags_before]
    if state.snapshot is not None:
        fields += ["snapshot", state.snapshot]
    for entry in history.entries:
        fields += [f"e{entry.event.seq}", _stored(entry, payload_of(entry))]
    for who, window in state.windows.items():
        fields += [f"c{who}", _written(window)]
    return fields

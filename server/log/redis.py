"""The log in Redis or Valkey, for any number of workers.

A room is one hash; see append.lua, which is the only thing that writes to a room's log while it lives.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

import msgspec
from msgspec import Raw, Struct
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from rooms.vocabulary import ParticipantId, RoomId
from server.log import (
    TAG_LENGTH,
    WINDOW,
    Appended,
    Batch,
    Conflict,
    Entry,
    History,
    Loaded,
    News,
    Position,
    Unavailable,
    Window,
    number,
    payload_of,
)

PATIENCE: Final = 2.0  # seconds for an answer
AGAIN_SECONDS: Final = 0.25  # between attempts to follow again
LIFE: Final = 6 * 3600 * 1000  # ms that a log is kept without anything being appended or compared

_WORKER_LENGTH: Final = 8

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_entry: Final = msgspec.msgpack.Decoder(Entry).decode


class _Published(Struct, array_like=True):
    """What append.lua publishes, after the worker's name."""

    epoch: str
    seq: int
    tag: str
    payloads: list[Raw]
    commands: list[tuple[ParticipantId, int]]
    parted: list[ParticipantId]


_decode_published: Final = msgspec.msgpack.Decoder(_Published).decode


class _Script:
    def __init__(self, name: str) -> None:
        self.text = (Path(__file__).parent / f"{name}.lua").read_text(encoding="utf-8")
        self.sha = ""


class RedisLog:
    """See `Log`. `async with RedisLog.at(url)` connects, and follows."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._worker = secrets.token_hex(_WORKER_LENGTH // 2).encode()
        self._append, self._save, self._begin = _Script("append"), _Script("save"), _Script("begin")
        self._turn: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._pubsub: PubSub = redis.pubsub()
        self._followers: dict[bytes, Callable[[News], None]] = {}
        self._subscribed: dict[bytes, asyncio.Future[None]] = {}
        self._has_followers = asyncio.Event()
        self.doubt = asyncio.Event()
        """Set when something that was published may not have arrived."""

    @classmethod
    def at(cls, url: str) -> "RedisLog":
        """The log at a `redis://` or `rediss://` URL. Nothing is connected yet."""
        # We try again ourselves: a command that is repeated unasked may be carried out twice.
        return cls(
            Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=None, socket_connect_timeout=PATIENCE)
        )

    async def __aenter__(self) -> Self:
        self._follower = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._follower.cancel()
        with suppress(asyncio.CancelledError):
            await self._follower
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._redis.aclose()

    # Following

    async def follow(self, room: RoomId, heard: Callable[[News], None]) -> None:
        channel = _channel(room)
        self._followers[channel] = heard
        subscribed = self._subscribed[channel] = asyncio.get_running_loop().create_future()
        self._has_followers.set()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._pubsub.ssubscribe(channel)
                await subscribed
        except (TimeoutError, RedisError, OSError) as error:
            raise Unavailable from error
        finally:
            self._subscribed.pop(channel, None)

    async def unfollow(self, room: RoomId) -> None:
        channel = _channel(room)
        if self._followers.pop(channel, None) is not None:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._pubsub.sunsubscribe(channel)

    async def _follow(self) -> None:
        """Hear what is published, until cancelled."""
        await self._has_followers.wait()
        while True:
            try:
                message = await self._pubsub.get_message(timeout=None)
            except (RedisError, OSError):
                self.doubt.set()
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if message is None:
                continue
            if message["type"] == "smessage":
                self._heard(message["channel"], message["data"])
            elif message["type"] == "ssubscribe":
                subscribed = self._subscribed.get(message["channel"])
                if subscribed is not None and not subscribed.done():
                    subscribed.set_result(None)
                else:
                    self.doubt.set()  # the line was broken, and is back

    def _heard(self, channel: bytes, data: bytes) -> None:
        heard = self._followers.get(channel)
        if heard is None or data.startswith(self._worker):
            return
        published = _decode_published(memoryview(data)[_WORKER_LENGTH:])
        base = Position(published.epoch, published.seq, published.tag)
        entries = [_decode_entry(payload) for payload in published.payloads]
        position = number(entries, published.payloads, base)
        heard(News(base, position, entries, published.commands, published.parted))

    # The log

    async def load(self, room: RoomId) -> Loaded | None:
        fields: dict[bytes, bytes] = await self._call("HGETALL", _key(room))
        return _loaded(fields) if fields else None

    async def begin(self, room: RoomId, state: Loaded, instead_of: Position | None) -> bool:
        seen = ("", "") if instead_of is None else (instead_of.epoch, instead_of.seq)
        done: int = await self._run(self._begin, [_key(room)], [*seen, LIFE, *_fields(state)])
        return bool(done)

    async def heads(self, rooms: Sequence[RoomId]) -> list[Position | None]:
        found = await asyncio.gather(*(self._call("HMGET", _key(room), "epoch", "seq", "tag") for room in rooms))
        return [
            None if epoch is None else Position(epoch.decode(), int(seq), tag.decode()) for epoch, seq, tag in found
        ]

    async def append(self, room: RoomId, batch: Batch) -> Appended:
        moving = max((i for i, entry in enumerate(batch.entries, start=1) if entry.event.moves), default=0)
        arguments: list[Any] = [self._worker, batch.base.epoch, batch.base.seq, batch.expected, moving, LIFE]
        arguments += [len(batch.payloads), *batch.payloads]
        arguments.append(len(batch.forget))
        for entry in batch.forget:
            arguments += [entry.event.seq, payload_of(entry)]
        arguments.append(len(batch.commands))
        for who, command in batch.commands:
            arguments += [who, command]
        arguments += [len(batch.parted), *batch.parted]
        arguments += [_array_head(len(batch.payloads)), _encode(batch.commands) + _encode(batch.parted)]
        reply = await self._run(self._append, [_key(room), _channel(room)], arguments)
        if reply == 0:
            raise Conflict
        tag, seq, saved, missed = reply
        before = Position(batch.base.epoch, seq, tag.decode())
        first = batch.base.seq + 1
        missed_entries = [_entry(raw, seq) for seq, raw in enumerate(missed, start=first)]
        return Appended(number(batch.entries, batch.payloads, before), missed_entries, saved)

    async def save(self, room: RoomId, snapshot: bytes, at: Position) -> None:
        await self._run(self._save, [_key(room)], [at.epoch, at.seq, snapshot])

    async def wipe(self, room: RoomId) -> None:
        await self._call("DEL", _key(room))

    # Calls; those of one turn of the loop leave together

    async def _run(self, script: _Script, keys: list[bytes], arguments: list[Any]) -> Any:
        while True:
            if not script.sha:
                script.sha = await self._call("SCRIPT LOAD", script.text)
            try:
                return await self._call("EVALSHA", script.sha, len(keys), *keys, *arguments)
            except NoScriptError:  # a server that was started anew; nothing has happened
                script.sha = ""

    async def _call(self, *command: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self._turn:
            asyncio.get_running_loop().call_soon(self._leave)
        self._turn.append((command, answer))
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except NoScriptError:
            raise
        except ResponseError as error:
            if error.args and str(error).startswith(("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "BUSY")):
                raise Unavailable from error
            raise
        except (TimeoutError, RedisError, OSError) as error:
            raise Unavailable from error

    def _leave(self) -> None:
        turn, self._turn = self._turn, []
        task = asyncio.create_task(self._send(turn))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, turn: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE), self._redis.pipeline(transaction=False) as pipeline:
                for command, _ in turn:
                    pipeline.execute_command(*command)
                replies = await pipeline.execute(raise_on_error=False)
        except Exception as error:
            replies = [error] * len(turn)
        for (_, answer), reply in zip(turn, replies, strict=True):
            if answer.done():
                continue
            if isinstance(reply, Exception):
                answer.set_exception(reply)
            else:
                answer.set_result(reply)


def _key(room: RoomId) -> bytes:
    return f"openchair:{{{room}}}".encode()


def _channel(room: RoomId) -> bytes:
    return f"openchair:{{{room}}}:news".encode()


def _array_head(length: int) -> bytes:
    """The head of a MessagePack array of that length."""
    if length < 16:
        return bytes([0x90 + length])
    return b"\xdc" + length.to_bytes(2) if length < 2**16 else b"\xdd" + length.to_bytes(4)


def _entry(stored: bytes, seq: int) -> Entry:
    entry = _decode_entry(memoryview(stored)[TAG_LENGTH:])
    entry.event.seq, entry.event.tag = seq, stored[:TAG_LENGTH].decode()
    return entry


def _loaded(fields: dict[bytes, bytes]) -> Loaded:
    seq, first = int(fields[b"seq"]), int(fields[b"first"])
    entries = [_entry(fields[b"e%d" % at], at) for at in range(first, seq + 1)]
    windows = {ParticipantId(name[1:].decode()): _window(it) for name, it in fields.items() if name[:1] == b"c"}
    position = Position(fields[b"epoch"].decode(), seq, fields[b"tag"].decode())
    return Loaded(
        position, fields.get(b"snapshot"), History(entries, seq, fields[b"before"].decode()), windows,
        int(fields[b"version"]), int(fields[b"saved"]),
    )  # fmt: skip


def _window(stored: bytes) -> Window:
    last, _, done = stored.decode().partition(" ")
    return Window(int(last), int(done[::-1], 2) if done else 0)


def _fields(state: Loaded) -> list[Any]:
    at, history = state.position, state.history
    fields: list[Any] = ["epoch", at.epoch, "seq", at.seq, "tag", at.tag, "version", state.version]
    fields += ["saved", state.saved, "first", history.first, "before", history.tag_before]
    if state.snapshot is not None:
        fields += ["snapshot", state.snapshot]
    for entry in history.entries:
        fields += [f"e{entry.event.seq}", entry.event.tag.encode() + payload_of(entry)]
    for who, window in state.windows.items():
        fields += [f"c{who}", f"{window.last} {format(window.done, f'0{WINDOW}b')[::-1]}"]
    return fields

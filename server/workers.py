"""What the workers of one installation know of each other: who of them lives, and who holds whose connection.

Soft state in Redis, with a lease. No truth of a room is in it: at worst somebody who is here is marked away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from rooms.vocabulary import ParticipantId, RoomId
from server.clock import Clock
from server.limits import burst_of
from server.log import Unavailable
from server.redis import RedisLine, Script

LEASE: Final = 6000  # ms that a worker counts as alive after it was last heard of
LIFE: Final = 6 * 3600 * 1000  # ms that it is known who was where
ALIVE: Final = b"openchair:workers"

Taken = Callable[[list[ParticipantId], int], None]
"""These came in elsewhere, at that time."""
Typing = Callable[[dict[ParticipantId, bool]], None]
"""These are writing elsewhere, or have stopped."""


class Workers(Protocol):
    async def follow(self, room: RoomId, taken: Taken, typing: Typing) -> None:
        """From now on these are told who of the room comes in, and who is writing, on another worker.

        Raises `Unavailable`.
        """

    async def unfollow(self, room: RoomId) -> None: ...

    def hold(self, room: RoomId, people: Sequence[ParticipantId]) -> None:
        """These came in here. Nobody waits for it."""

    def tell_of_typing(self, room: RoomId, news: Mapping[ParticipantId, bool]) -> None:
        """These are writing here, or have stopped. Nobody waits for it, and it may be lost."""

    async def elsewhere(self, room: RoomId, people: Sequence[ParticipantId]) -> frozenset[ParticipantId]:
        """Who of these is connected to another worker, as far as is known. Raises `Unavailable`."""

    async def tell_of_open(self, rooms: Mapping[RoomId, int]) -> None:
        """These rooms, with their starts, are open here. Raises `Unavailable`."""

    async def open_room(self, slug: str) -> tuple[RoomId, int] | None:
        """The meeting's room that was told of last, and its start; it may be over. Raises `Unavailable`."""

    def take_newcomer(self, room: RoomId, network: str, rate: float) -> Awaitable[float] | None:
        """Count one newcomer of that network (by its `Seats.network_id`) on all workers, `rate` a second.

        The answer is 0, or else the seconds after which one may come. None where nobody else counts.
        """

    async def forget(self, room: RoomId) -> None:
        """The room is over. Raises `Unavailable`."""


class Alone:
    """The only worker there is."""

    async def follow(self, room: RoomId, taken: Taken, typing: Typing) -> None: ...

    async def unfollow(self, room: RoomId) -> None: ...

    def hold(self, room: RoomId, people: Sequence[ParticipantId]) -> None: ...

    def tell_of_typing(self, room: RoomId, news: Mapping[ParticipantId, bool]) -> None: ...

    async def elsewhere(self, room: RoomId, people: Sequence[ParticipantId]) -> frozenset[ParticipantId]:
        return frozenset()

    async def tell_of_open(self, rooms: Mapping[RoomId, int]) -> None: ...

    async def open_room(self, slug: str) -> None: ...

    def take_newcomer(self, room: RoomId, network: str, rate: float) -> None: ...

    async def forget(self, room: RoomId) -> None: ...


class RedisWorkers:
    """One of many workers."""

    def __init__(self, line: RedisLine, now: Clock) -> None:
        self._line = line
        self._now = now
        self._me = line.worker.encode()
        self._alive: frozenset[bytes] = frozenset({self._me})
        self._gone: frozenset[bytes] = frozenset()
        self._telling: set[asyncio.Task[None]] = set()
        self._newcomer = Script(Path(__file__).parent / "newcomer.lua")

    async def follow(self, room: RoomId, taken: Taken, typing: Typing) -> None:
        def heard(data: bytes) -> None:
            if not data.startswith(self._me):
                news = _decode(memoryview(data)[len(self._me) :])
                if isinstance(news, dict):
                    typing(news)
                else:
                    at, people = news
                    taken(people, at)

        await self._line.subscribe(_key(room), heard)

    async def unfollow(self, room: RoomId) -> None:
        await self._line.unsubscribe(_key(room))

    def hold(self, room: RoomId, people: Sequence[ParticipantId]) -> None:
        key, fields = _key(room), [field for who in people for field in (who, self._me)]
        news = self._me + _encode((self._now(), people))
        self._tell([("HSET", key, *fields), ("PEXPIRE", key, LIFE), ("SPUBLISH", key, news)])

    def tell_of_typing(self, room: RoomId, news: Mapping[ParticipantId, bool]) -> None:
        self._tell([("SPUBLISH", _key(room), self._me + _encode(news))])

    def _tell(self, commands: Sequence[tuple[Any, ...]]) -> None:
        async def tell() -> None:
            with suppress(Unavailable):
                await self._line.call_all(commands)

        task = asyncio.create_task(tell())
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def hold_again(self, rooms: Mapping[RoomId, Sequence[ParticipantId]]) -> None:
        """These are here, should it have been forgotten with what Redis has lost. Raises `Unavailable`."""
        for room, people in rooms.items():
            if people:
                await self._line.call("HSET", _key(room), *(field for who in people for field in (who, self._me)))

    async def elsewhere(self, room: RoomId, people: Sequence[ParticipantId]) -> frozenset[ParticipantId]:
        holders: list[bytes | None] = await self._line.call("HMGET", _key(room), *people)
        others = self._alive - {self._me}
        return frozenset(who for who, holder in zip(people, holders, strict=True) if holder in others)

    async def tell_of_open(self, rooms: Mapping[RoomId, int]) -> None:
        commands: list[tuple[Any, ...]] = []
        for room, starts_at in rooms.items():
            key = _open(room.partition(".")[0])
            commands += [("HSET", key, "room", room, "starts_at", starts_at), ("PEXPIRE", key, LIFE)]
        await self._line.call_all(commands)

    async def open_room(self, slug: str) -> tuple[RoomId, int] | None:
        room, starts_at = await self._line.call("HMGET", _open(slug), "room", "starts_at")
        return None if room is None else (RoomId(room.decode()), int(starts_at))

    async def take_newcomer(self, room: RoomId, network: str, rate: float) -> float:
        bucket = f"openchair:{{{room}}}:from:{network}".encode()
        try:
            wait: int = await self._line.run(self._newcomer, [bucket], [rate, burst_of(rate)])
        except Unavailable:  # then nobody can come in anyway
            return 0
        return wait / 1000

    async def forget(self, room: RoomId) -> None:
        await self._line.call("DEL", _key(room))

    async def beat(self) -> bool:
        """Renew the lease, and see who else lives; whether one is gone since the last time. Raises `Unavailable`."""
        now = self._now()
        _, _, found, ended = await self._line.call_all(
            [
                ("ZADD", ALIVE, now + LEASE, self._me),
                ("ZREMRANGEBYSCORE", ALIVE, "-inf", now - LEASE),
                ("ZRANGE", ALIVE, now, "+inf", "BYSCORE"),
                ("ZRANGE", ALIVE, "-inf", now - 1, "BYSCORE"),
            ]
        )
        alive, gone = frozenset(found), frozenset(ended)
        is_one_gone = not self._alive <= alive or not gone <= self._gone  # which may have come and gone in between
        self._alive, self._gone = alive, gone
        return is_one_gone

    async def say_good_bye(self) -> None:
        """End the lease, so that nobody has to wait until it runs out. Raises `Unavailable`."""
        await self._line.call("ZADD", ALIVE, self._now() - 1, self._me)


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[int, list[ParticipantId]] | dict[ParticipantId, bool]).decode


def _key(room: RoomId) -> bytes:
    return f"openchair:{{{room}}}:here".encode()


def _open(slug: str) -> bytes:
    return f"openchair:{{{slug}}}:open".encode()

"""Where calls go: to the one server there is, or to the one that Sentinels name; for a cluster see cluster.py."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from server.log import Unavailable
from server.redis.node import Heard, Node
from server.redis.pipe import Command, Pipe
from server.redis.place import Address, Place

LOOK_SECONDS: Final = 2.0  # between two questions to the Sentinels who is the master
ONLY_SHARD: Final = b"0"


class Servers(Protocol):
    """All methods raise `Unavailable`."""

    async def live(self) -> None:
        """Until cancelled."""

    def ask(self, commands: Sequence[Command]) -> Awaitable[list[Any]]:
        """The replies, with errors in the place of replies; see `Node.ask`."""
        ...

    async def subscribe(self, channel: bytes, heard: Heard) -> None: ...

    def unsubscribe(self, channel: bytes) -> None: ...

    def listen_anew(self, channel: bytes) -> None: ...

    def shards(self) -> Sequence[bytes]:
        """A hash tag for each server that has something of its own; it lies there."""
        ...


class OneServer:
    """See `Servers`."""

    def __init__(self, place: Place, doubt: Callable[[], None]) -> None:
        self._place = place
        self._at = place.hosts[0]
        self._node = Node(self._find, doubt)
        self.subscribe, self.unsubscribe = self._node.subscribe, self._node.unsubscribe
        self.ask = self._node.ask

    async def live(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._node.listen())
            while self._place.kind == "sentinel":
                await asyncio.sleep(LOOK_SECONDS)
                with suppress(Unavailable, RedisError):  # nobody to ask: we stay where we are
                    if await named_by_sentinels(self._place) != self._at:
                        self._node.leave()

    def listen_anew(self, channel: bytes) -> None:
        self._node.listen_anew()

    def shards(self) -> Sequence[bytes]:
        return [ONLY_SHARD]

    async def _find(self) -> AbstractConnection:
        if self._place.kind == "sentinel":
            self._at = await named_by_sentinels(self._place)
        return self._place.connection(self._at)


async def asked(connection: AbstractConnection, commands: Sequence[Command]) -> list[Any]:
    """The replies to a few questions on a line of their own. Raises `RedisError`, `OSError`, `Unavailable`."""
    pipe = await Pipe.open(connection)
    try:
        return await pipe.ask(commands)
    finally:
        pipe.abort()


class Unknown(RedisError):  # noqa: N818
    """The Sentinels know no master of that name."""


async def named_by_sentinels(place: Place) -> Address:
    """Where the master is, as the first Sentinel says that answers. Raises `Unavailable`, `Unknown`."""
    error: Exception = Unavailable()
    for host in place.hosts:
        with suppress(RedisError, OSError, Unavailable):
            connection = place.connection(host, to_sentinel=True)
            [found] = await asked(connection, [("SENTINEL", "GET-MASTER-ADDR-BY-NAME", place.name)])
            if isinstance(found, list):
                return Address(found[0].decode(), int(found[1]))
            error = Unknown()
    raise error

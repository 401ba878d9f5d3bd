"""A Redis Cluster: which of its servers has which key, and what to do when that changes."""

import asyncio
from binascii import crc_hqx
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from server.log import Unavailable
from server.redis.node import AGAIN_SECONDS, Heard, Node
from server.redis.pipe import PATIENCE, Command, Elsewhere
from server.redis.place import Address, Place
from server.redis.servers import asked

SLOTS: Final = 16384
BY_SCRIPT: Final = frozenset({"EVALSHA", "EVAL"})  # their keys stand behind a script and a count


def slot_of(key: bytes) -> int:
    """The hash slot of a key or channel: of what stands in its first braces, if something does."""
    start = key.find(b"{") + 1
    end = key.find(b"}", start) if start else 0
    return crc_hqx(key[start:end] if end > start else key, 0) % SLOTS


@cache
def tag_in(slot: int) -> bytes:
    """A hash tag that lies in that slot."""
    return next(tag for tag in (b"%d" % n for n in range(1 << 24)) if slot_of(tag) == slot)


class Cluster:
    """See `Servers`."""

    def __init__(self, place: Place, doubt: Callable[[], None]) -> None:
        self._place, self._tell_of_doubt = place, doubt
        self._is_old = asyncio.Event()
        self._is_old.set()
        self._looked = asyncio.Event()
        self._nodes: dict[Address, Node] = {}
        self._listening: dict[Node, asyncio.Task[None]] = {}
        self._owners: list[Node | None] = [None] * SLOTS
        self._shards: list[bytes] = []

    async def live(self) -> None:
        """Look again who has what whenever something was not where it ought to be."""
        async with asyncio.TaskGroup() as self._tasks:
            while True:
                await self._is_old.wait()
                self._is_old.clear()
                if (found := await self._found()) is not None:
                    self._learn(found)
                looked, self._looked = self._looked, asyncio.Event()
                looked.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        by_node: dict[Node | None, list[int]] = {}
        for number, command in enumerate(commands):
            by_node.setdefault(self._owners[_slot(command)], []).append(number)
        groups = [(node, [commands[number] for number in numbers]) for node, numbers in by_node.items()]
        replies: list[Any] = [None] * len(commands)
        answers = await asyncio.gather(*(self._ask(node, group) for node, group in groups))
        for numbers, answer in zip(by_node.values(), answers, strict=True):
            for number, reply in zip(numbers, answer, strict=True):
                replies[number] = reply
        return replies

    async def subscribe(self, channel: bytes, heard: Heard) -> None:
        await (await self._owner(channel)).subscribe(channel, heard)

    def unsubscribe(self, channel: bytes) -> None:
        for node in self._nodes.values():
            node.unsubscribe(channel)

    def listen_anew(self, channel: bytes) -> None:
        if (node := self._owners[slot_of(channel)]) is not None:
            node.listen_anew()

    def shards(self) -> Sequence[bytes]:
        return self._shards

    async def _ask(self, node: Node | None, commands: Sequence[Command]) -> list[Any]:
        """The replies of a server; where it says that a key is elsewhere, those of whoever has it."""
        if node is None:
            node = await self._owner(_key(commands[0]))
        replies = await node.ask(commands)
        for number, reply in enumerate(replies):
            if isinstance(reply, Elsewhere):
                replies[number] = await self._ask_elsewhere(commands[number], reply)
        return replies

    async def _ask_elsewhere(self, command: Command, said: Elsewhere) -> Any:
        try:
            async with asyncio.timeout(PATIENCE):
                reply: Any = said
                while isinstance(reply, Elsewhere):
                    if reply.is_for_good:
                        self._is_old.set()
                        await self._looked.wait()
                        [reply] = await (await self._owner(_key(command))).ask([command])
                    else:  # its slot is on its way, and this key is there already
                        node = self._node(Address(reply.host, reply.port))
                        _, reply = await node.ask([("ASKING",), command])
                return reply
        except TimeoutError as error:
            raise Unavailable from error

    async def _owner(self, key: bytes) -> Node:
        """Who has the key; at the start that is not known yet. Raises `Unavailable`."""
        slot = slot_of(key)
        try:
            async with asyncio.timeout(PATIENCE):
                while (owner := self._owners[slot]) is None:
                    self._is_old.set()
                    await self._looked.wait()
        except TimeoutError as error:
            raise Unavailable from error
        return owner

    # Who has what

    async def _found(self) -> list[tuple[int, int, Address]] | None:
        """Who has which slots, as the first says that knows; None if nobody does."""
        for address in dict.fromkeys([*self._nodes, *self._place.hosts]):
            try:
                async with asyncio.timeout(PATIENCE):
                    return await slots_at(address, self._place)
            except (RedisError, OSError, Unavailable, TimeoutError):
                self._is_old.set()
        return None

    def _learn(self, found: list[tuple[int, int, Address]]) -> None:
        self._is_old.clear()
        firsts = {address: first for first, _, address in sorted(found, reverse=True)}
        self._shards = [tag_in(first) for first in sorted(firsts.values())]
        before, self._owners = self._owners, [None] * SLOTS
        for first, last, address in found:
            self._owners[first : last + 1] = [self._node(address)] * (last + 1 - first)
        for address, node in tuple(self._nodes.items()):
            for channel, heard in tuple(node.listeners.items()):
                owner = self._owners[slot_of(channel)]
                if owner is not None and owner is not node:
                    node.unsubscribe(channel)
                    owner.listen_to(channel, heard)
            if address not in firsts and not node.listeners:
                del self._nodes[address]
                self._listening.pop(node).cancel()
        if before != self._owners:
            self._tell_of_doubt()

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is None:

            async def find() -> AbstractConnection:
                return self._place.connection(address)

            node = self._nodes[address] = Node(find, self._doubt, self._is_old.set)
            self._listening[node] = self._tasks.create_task(node.listen())
        return node

    def _doubt(self) -> None:
        self._is_old.set()
        self._tell_of_doubt()


def _key(command: Command) -> bytes:
    """What a command is about; commands about the server itself are all asked of one and the same."""
    at = 3 if command[0] in BY_SCRIPT else 1
    key = command[at] if len(command) > at else b""
    return key if isinstance(key, bytes) else b""


def _slot(command: Command) -> int:
    return slot_of(_key(command))


async def slots_at(address: Address, place: Place) -> list[tuple[int, int, Address]]:
    """Which slots which master has, first to last, as that server of the cluster knows it.

    Raises `RedisError` if it is of no cluster, `OSError`, and `Unavailable`, also if it says that the cluster is down.
    """
    info, found = await asked(place.connection(address), [("CLUSTER", "INFO"), ("CLUSTER", "SLOTS")])
    for reply in (info, found):
        if isinstance(reply, Exception):
            raise reply
    if b"cluster_state:ok" not in info:
        raise Unavailable
    return [
        (first, last, Address(host.decode() if host else address.host, port))
        for first, last, (host, port, *_), *_ in found
    ]

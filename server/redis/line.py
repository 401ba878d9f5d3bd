"""This worker's line to Redis: calls that leave together, and what is published on channels.

No command is sent twice unasked, for it may be carried out twice. Every call has a time limit, for a frozen server says
nothing. And a line that was broken and is back is a `doubt`: something that was published in between did not arrive.
"""

import asyncio
import secrets
from collections.abc import Sequence
from functools import cached_property
from hashlib import sha1
from pathlib import Path
from typing import Any, Self

from redis.exceptions import NoScriptError

from server.redis.cluster import Cluster
from server.redis.node import Heard
from server.redis.pipe import Command
from server.redis.place import place
from server.redis.servers import OneServer, Servers


class Script:
    """A Lua script, beside the module that uses it."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")

    @cached_property
    def sha(self) -> str:
        """By which a server knows it, once it has carried it out."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class RedisLine:
    """`async with RedisLine(url)` connects and listens. All methods raise `Unavailable`."""

    def __init__(self, url: str) -> None:
        self.worker = secrets.token_hex(4)
        """This worker's name, for other workers."""
        self.doubt = asyncio.Event()
        """Set when something that was published may not have arrived."""
        where = place(url)
        self._servers: Servers = (Cluster if where.kind == "cluster" else OneServer)(where, self.doubt.set)

    async def __aenter__(self) -> Self:
        self.now = asyncio.get_running_loop().time  # which `get_running_loop` asks the system about each time
        self._tasks = asyncio.TaskGroup()  # a bug there ends whoever entered here
        await self._tasks.__aenter__()
        self._living = self._tasks.create_task(self._servers.live())
        return self

    async def __aexit__(self, *error: Any) -> None:
        self._living.cancel()
        await self._tasks.__aexit__(*error)

    # Calls

    async def call(self, *command: Any) -> Any:
        """The answer to one command, as the server gives it. What is called in one turn of the loop leaves together."""
        return (await self.call_all([command]))[0]

    async def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to many commands, in one round trip. Raises the first error among them."""
        replies = await self._servers.ask(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def run(self, script: Script, keys: Sequence[bytes], arguments: Sequence[Any]) -> Any:
        """What a script returns."""
        [reply] = await self._servers.ask([("EVALSHA", script.sha, len(keys), *keys, *arguments)])
        if isinstance(reply, NoScriptError):  # a server that was started anew; nothing has happened
            return await self.call("EVAL", script.text, len(keys), *keys, *arguments)
        if isinstance(reply, Exception):
            raise reply
        return reply

    # Channels

    async def subscribe(self, channel: bytes, heard: Heard) -> None:
        """From now on `heard` is told what is published there."""
        await self._servers.subscribe(channel, heard)

    async def unsubscribe(self, channel: bytes) -> None:
        self._servers.unsubscribe(channel)

    def listen_anew(self, channel: bytes) -> None:
        """What is published there does not come, though the line is up: make another."""
        self._servers.listen_anew(channel)

    def probes(self) -> list[bytes]:
        """Channels of this worker alone, one on each server: what is published there ought to come back."""
        return [b"openchair:probe:{%s}:%s" % (shard, self.worker.encode()) for shard in self._servers.shards()]

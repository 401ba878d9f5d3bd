"""This worker's line to Redis: calls that leave together, and what is published on channels.

redis-py makes the connections, and is told to repeat nothing; over them goes what a `Pipe` carries. No command is sent
twice unasked, for it may be carried out twice. Every call has a time limit, for a frozen server says nothing. And a
line that was broken and is back is a `doubt`: something that was published in between did not arrive.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError

from server.log import Unavailable
from server.pipe import PATIENCE, Command, Pipe

LEAST_VERSION: Final = 7
AGAIN_SECONDS: Final = 0.25  # between attempts to listen again

Heard = Callable[[bytes], None]


async def unfit(url: str) -> str | None:
    """Why the Redis at that URL cannot keep rooms, as a sentence; None if it can."""
    try:
        redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=PATIENCE)
    except ValueError:
        return "expected a URL like redis://127.0.0.1:6379."
    try:
        async with asyncio.timeout(2 * PATIENCE):
            server = await redis.info("server")
            memory = await redis.info("memory")
    except (RedisError, OSError, TimeoutError) as error:
        return f"it does not answer ({type(error).__name__})."
    finally:
        await redis.aclose()
    version = str(server.get("valkey_version") or server["redis_version"])
    if int(version.split(".", maxsplit=1)[0]) < LEAST_VERSION:
        return f"it is of version {version}; expected {LEAST_VERSION} or newer."
    if (policy := memory.get("maxmemory_policy", "noeviction")) != "noeviction":
        return f"it may throw rooms away when its memory is full (maxmemory-policy {policy}); expected noeviction."
    return None


class Script:
    """A Lua script, beside the module that uses it."""

    def __init__(self, path: Path) -> None:
        self.text = path.read_text(encoding="utf-8")
        self.sha = b""


class RedisLine:
    """`async with RedisLine(url)` connects and listens. All methods raise `Unavailable`."""

    def __init__(self, url: str) -> None:
        self.worker = secrets.token_hex(4)
        """This worker's name, for other workers."""
        self.doubt = asyncio.Event()
        """Set when something that was published may not have arrived."""
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=PATIENCE, protocol=2)
        self._pipe: Pipe | None = None
        self._opening = asyncio.Lock()
        self._ear: Pipe | None = None  # a pipe of its own to hear on
        self._listeners: dict[bytes, Heard] = {}
        self._subscribing: dict[bytes, asyncio.Future[None]] = {}
        self._has_listeners = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        for pipe in (self._pipe, self._ear):
            if pipe is not None:
                pipe.abort()
        await self._redis.aclose()

    # Calls

    async def call(self, *command: Any) -> Any:
        """The answer to one command, as the server gives it. What is called in one turn of the loop leaves together."""
        return (await self.call_all([command]))[0]

    async def call_all(self, commands: Sequence[Command]) -> list[Any]:
        """The answers to many commands, in one round trip. Raises the first error among them."""
        pipe = self._pipe
        if pipe is None or pipe.lost.is_set():
            pipe = await self._opened()
        replies = await pipe.ask(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def run(self, script: Script, keys: Sequence[bytes], arguments: Sequence[Any]) -> Any:
        """What a script returns."""
        while True:
            if not script.sha:
                script.sha = await self.call("SCRIPT", "LOAD", script.text)
            try:
                return await self.call("EVALSHA", script.sha, len(keys), *keys, *arguments)
            except NoScriptError:  # a server that was started anew; nothing has happened
                script.sha = b""

    async def _opened(self) -> Pipe:
        """The pipe, opened anew by the first of all who ask for it."""
        try:
            async with asyncio.timeout(PATIENCE), self._opening:
                if self._pipe is None or self._pipe.lost.is_set():
                    self._pipe = await Pipe.open(self._connection())
                return self._pipe
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable from error

    def _connection(self) -> AbstractConnection:
        """One that is still to be made."""
        connection: AbstractConnection = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        return connection

    # Channels

    async def subscribe(self, channel: bytes, heard: Heard) -> None:
        """From now on `heard` is told what is published there."""
        self._listeners[channel] = heard
        subscribing = self._subscribing[channel] = asyncio.get_running_loop().create_future()
        self._has_listeners.set()
        if self._ear is not None:
            self._ear.tell([("SSUBSCRIBE", channel)])
        try:
            async with asyncio.timeout(PATIENCE):
                await subscribing
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            self._subscribing.pop(channel, None)

    async def unsubscribe(self, channel: bytes) -> None:
        if self._listeners.pop(channel, None) is not None and self._ear is not None:
            self._ear.tell([("SUNSUBSCRIBE", channel)])

    def listen_anew(self) -> None:
        """What is published does not come, though the line is up: make another."""
        if self._ear is not None:
            self._ear.abort()

    async def _listen(self) -> None:
        """Listen on one line after the other."""
        await self._has_listeners.wait()
        while True:
            with suppress(RedisError, OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    self._ear = await Pipe.open(self._connection(), self._hear)
                self._ear.tell([("SSUBSCRIBE", channel) for channel in self._listeners])
                await self._ear.lost.wait()
                self._ear = None
            self.doubt.set()
            await asyncio.sleep(AGAIN_SECONDS)

    def _hear(self, message: Any) -> None:
        if isinstance(message, Exception):  # a subscription was refused
            self.listen_anew()
            return
        kind, channel, data = message
        if kind == b"smessage":
            if (heard := self._listeners.get(channel)) is not None:
                heard(data)
        elif kind == b"ssubscribe":
            subscribing = self._subscribing.get(channel)
            if subscribing is not None and not subscribing.done():
                subscribing.set_result(None)
            else:
                self.doubt.set()  # the line was broken, and is back

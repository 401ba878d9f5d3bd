"""One server: a pipe for calls, opened when somebody calls, and a pipe to hear on, which is kept open."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from server.log import Unavailable
from server.redis.pipe import PATIENCE, Command, Pipe

AGAIN_SECONDS: Final = 0.25  # between attempts to listen again

Heard = Callable[[bytes], None]


class Node:
    """`find` says where the server is, each time that a pipe is opened. `doubt` is told when something that was
    published may not have arrived, `missing` when nobody can be reached there.
    """

    def __init__(
        self,
        find: Callable[[], Awaitable[AbstractConnection]],
        doubt: Callable[[], None],
        missing: Callable[[], None] = lambda: None,
    ) -> None:
        self.listeners: dict[bytes, Heard] = {}
        self._find, self._doubt, self._missing = find, doubt, missing
        self._pipe: Pipe | None = None
        self._opening = asyncio.Lock()
        self._ear: Pipe | None = None
        self._subscribing: dict[bytes, asyncio.Future[None]] = {}
        self._has_listeners = asyncio.Event()

    def ask(self, commands: Sequence[Command]) -> Awaitable[list[Any]]:
        """The replies, with errors in the place of replies. What is asked in one turn of the loop leaves together.

        Raises `Unavailable`.
        """
        pipe = self._pipe
        return self._ask_anew(commands) if pipe is None or pipe.lost.is_set() else pipe.ask(commands)

    async def subscribe(self, channel: bytes, heard: Heard) -> None:
        """From now on `heard` is told what is published there. Raises `Unavailable`."""
        subscribing = self._subscribing[channel] = asyncio.get_running_loop().create_future()
        self.listen_to(channel, heard)
        try:
            async with asyncio.timeout(PATIENCE):
                await subscribing
        except TimeoutError as error:
            raise Unavailable from error
        finally:
            self._subscribing.pop(channel, None)

    def listen_to(self, channel: bytes, heard: Heard) -> None:
        """As `subscribe`; it is a doubt when it comes to be."""
        self.listeners[channel] = heard
        self._has_listeners.set()
        if self._ear is not None:
            self._ear.tell([("SSUBSCRIBE", channel)])

    def unsubscribe(self, channel: bytes) -> None:
        if self.listeners.pop(channel, None) is not None and self._ear is not None:
            self._ear.tell([("SUNSUBSCRIBE", channel)])

    def listen_anew(self) -> None:
        """What is published does not come, though the line is up: make another."""
        if self._ear is not None:
            self._ear.abort()

    def leave(self) -> None:
        """The server is to be looked for elsewhere."""
        for pipe in (self._pipe, self._ear):
            if pipe is not None:
                pipe.abort()

    async def listen(self) -> None:
        """Listen on one line after the other, until cancelled."""
        try:
            await self._has_listeners.wait()
            while True:
                with suppress(RedisError, OSError, TimeoutError, Unavailable):
                    async with asyncio.timeout(PATIENCE):
                        self._ear = await Pipe.open(await self._find(), self._hear)
                    self._ear.tell([("SSUBSCRIBE", channel) for channel in self.listeners])
                    await self._ear.lost.wait()
                    self._ear = None
                self._doubt()
                await asyncio.sleep(AGAIN_SECONDS)
        finally:
            self.leave()

    async def _ask_anew(self, commands: Sequence[Command]) -> list[Any]:
        return await (await self._opened()).ask(commands)

    async def _opened(self) -> Pipe:
        """The pipe, opened anew by the first of all who ask for it."""
        try:
            async with asyncio.timeout(PATIENCE), self._opening:
                if self._pipe is None or self._pipe.lost.is_set():
                    pipe = await Pipe.open(await self._find())
                    try:
                        await pipe.learn_server()
                    except BaseException:
                        pipe.abort()
                        raise
                    self._pipe = pipe
                return self._pipe
        except (RedisError, OSError, TimeoutError, Unavailable) as error:
            self._missing()
            raise Unavailable from error

    def _hear(self, message: Any) -> None:
        if isinstance(message, Exception):  # a subscription was refused
            self.listen_anew()
            return
        kind, channel, data = message
        if kind == b"smessage":
            if (heard := self.listeners.get(channel)) is not None:
                heard(data)
        elif kind == b"ssubscribe":
            subscribing = self._subscribing.get(channel)
            if subscribing is not None and not subscribing.done():
                subscribing.set_result(None)
            else:
                self._doubt()  # the line was broken, and is back
        elif kind == b"sunsubscribe" and channel in self.listeners:
            self.listen_anew()  # it has moved to another server

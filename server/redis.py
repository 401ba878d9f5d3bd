"""This worker's line to Redis: calls that leave together, and what is published on channels.

redis-py speaks to the server; what it does not promise is seen to here. It is told to repeat nothing, for a command
that is repeated unasked may be carried out twice. Every call has a time limit, for a frozen server says nothing. And a
line that was broken and is back is a `doubt`: something that was published in between did not arrive.
"""

import asyncio
import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError, RedisError, ResponseError

from server.log import Unavailable

PATIENCE: Final = 2.0  # seconds for an answer
LEAST_VERSION: Final = 7
AGAIN_SECONDS: Final = 0.25  # between attempts to listen again

_PASSING: Final = ("LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "BUSY", "TRYAGAIN")

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
        self.sha = ""


class RedisLine:
    """`async with RedisLine(url)` connects and listens. All methods raise `Unavailable`."""

    def __init__(self, url: str) -> None:
        self.worker = secrets.token_hex(4)
        """This worker's name, for other workers."""
        self.doubt = asyncio.Event()
        """Set when something that was published may not have arrived."""
        self._redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=PATIENCE)
        self._pubsub = self._redis.pubsub()
        self._turn: list[tuple[tuple[Any, ...], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._listeners: dict[bytes, Heard] = {}
        self._subscribing: dict[bytes, asyncio.Future[None]] = {}
        self._has_subscribed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *error: object) -> None:
        self._listening.cancel()
        with suppress(asyncio.CancelledError):
            await self._listening
        await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        await self._redis.aclose()

    # Calls

    async def call(self, *command: Any) -> Any:
        """The answer to one command. What is called in one turn of the loop leaves together, in order."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        if not self._turn:
            loop.call_soon(self._leave)
        self._turn.append((command, answer))
        try:
            async with asyncio.timeout(PATIENCE):
                return await answer
        except TimeoutError as error:
            raise Unavailable from error

    async def call_all(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers to many commands, in one round trip. Raises the first error among them."""
        replies = await self._pipelined(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise reply
        return replies

    async def run(self, script: Script, keys: list[bytes], arguments: list[Any]) -> Any:
        """What a script returns."""
        while True:
            if not script.sha:
                script.sha = await self.call("SCRIPT LOAD", script.text)
            try:
                return await self.call("EVALSHA", script.sha, len(keys), *keys, *arguments)
            except NoScriptError:  # a server that was started anew; nothing has happened
                script.sha = ""

    def _leave(self) -> None:
        turn, self._turn = self._turn, []
        task = asyncio.create_task(self._send(turn))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send(self, turn: list[tuple[tuple[Any, ...], asyncio.Future[Any]]]) -> None:
        replies = await self._pipelined([command for command, _ in turn])
        for (_, answer), reply in zip(turn, replies, strict=True):
            if answer.done():
                continue  # nobody waits for it any more
            if isinstance(reply, Exception):
                answer.set_exception(reply)
            else:
                answer.set_result(reply)

    async def _pipelined(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """The answers, and errors in the place of answers."""
        try:
            async with asyncio.timeout(PATIENCE), self._redis.pipeline(transaction=False) as pipeline:
                for command in commands:
                    pipeline.execute_command(*command)
                return [_told(reply) for reply in await pipeline.execute(raise_on_error=False)]
        except (RedisError, OSError, TimeoutError) as error:
            return [_told(error)] * len(commands)

    # Channels

    async def subscribe(self, channel: bytes, heard: Heard) -> None:
        """From now on `heard` is told what is published there."""
        self._listeners[channel] = heard
        subscribing = self._subscribing[channel] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._pubsub.ssubscribe(channel)
                self._has_subscribed.set()  # only now is there a connection to listen on
                await subscribing
        except (TimeoutError, RedisError, OSError) as error:
            raise Unavailable from error
        finally:
            self._subscribing.pop(channel, None)

    async def unsubscribe(self, channel: bytes) -> None:
        if self._listeners.pop(channel, None) is not None:
            with suppress(TimeoutError, RedisError, OSError):
                async with asyncio.timeout(PATIENCE):
                    await self._pubsub.sunsubscribe(channel)

    async def _listen(self) -> None:
        await self._has_subscribed.wait()
        while True:
            try:
                message = await self._pubsub.get_message(timeout=None)
            except (RedisError, OSError):
                self.doubt.set()
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            kind = None if message is None else message["type"]
            if kind == "smessage":
                if (heard := self._listeners.get(message["channel"])) is not None:
                    heard(message["data"])
            elif kind == "ssubscribe":
                subscribing = self._subscribing.get(message["channel"])
                if subscribing is not None and not subscribing.done():
                    subscribing.set_result(None)
                else:
                    self.doubt.set()  # the line was broken, and is back


def _told(reply: Any) -> Any:
    """The reply; `Unavailable` for every error that passes."""
    if not isinstance(reply, Exception):
        return reply
    if isinstance(reply, ResponseError) and not str(reply).startswith(_PASSING):
        return reply
    unavailable = Unavailable()
    unavailable.__cause__ = reply
    return unavailable

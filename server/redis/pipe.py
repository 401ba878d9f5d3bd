"""One bare connection to Redis: what is asked in one turn of the loop leaves in one write, and is answered in order.

redis-py makes the connection, with its addresses, TLS and authentication, and hands it over; its own way through a call
costs a worker five to ten times as much, and more than all rules of a room (bench/README.md).
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Self, cast

import hiredis
from msgspec import Struct, field
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import NoScriptError, ResponseError

from server.log import Unavailable

PATIENCE: Final = 2.0  # seconds for an answer

_PASSING: Final = frozenset(
    [
        "BUSY",
        "CLUSTERDOWN",
        "LOADING",
        "MASTERDOWN",
        "MISCONF",
        "NOAUTH",
        "NOPERM",
        "NOREPLICAS",
        "OOM",
        "READONLY",
        "TRYAGAIN",
        "WRONGPASS",
    ]
)
"""The codes of errors that say nothing about the command: it may be asked again."""

_NOTHING: Final = object()

SERVER: Final = object()
"""As the last part of a command: which server gets it, by the replication id that it had when we connected."""

Command = tuple[Any, ...]
"""Of texts, bytes and numbers, and `SERVER`."""


class _Question(Struct):
    """Some commands that were asked together, and their replies so far."""

    answer: asyncio.Future[list[Any]]
    commands: int
    until: float
    replies: list[Any] = field(default_factory=list)


class Pipe(asyncio.Protocol):
    """A connection until it is lost. Whoever opens it with `heard` listens only: all that comes goes there."""

    def __init__(self, writer: asyncio.StreamWriter, heard: Callable[[Any], None] | None) -> None:
        loop = asyncio.get_running_loop()
        self.lost = asyncio.Event()
        self.server = ""
        """Its replication id; see `learn_server`."""
        self._loop = loop
        self._writer = writer  # for it would close the line when nobody holds it
        self._transport = cast(asyncio.Transport, writer.transport)
        self._heard = heard
        self._turn: list[bytes] = []
        self._questions: deque[_Question] = deque()
        self._impatience: asyncio.TimerHandle | None = None
        reader = hiredis.Reader(replyError=self._error, notEnoughData=_NOTHING)
        self._feed, self._gets = reader.feed, reader.gets

    @classmethod
    async def open(cls, connection: AbstractConnection, heard: Callable[[Any], None] | None = None) -> Self:
        """Connect, and take the line over. Raises `RedisError`, `OSError`."""
        try:
            await connection.connect()  # type: ignore[no-untyped-call]
        except RuntimeError as error:  # what uvloop says of a line that has ended while something is written to it
            raise ConnectionError from error
        writer = connection._writer
        if writer is None or writer.transport.is_closing():  # then nobody would tell that it is lost
            raise ConnectionError
        connection._reader = connection._writer = None
        pipe = cls(writer, heard)
        pipe._transport.set_protocol(pipe)
        return pipe

    def ask(self, commands: Sequence[Command]) -> asyncio.Future[list[Any]]:
        """The replies to come, with errors in the place of replies; `Unavailable` if they do not come in time."""
        answer: asyncio.Future[list[Any]] = self._loop.create_future()
        if self.lost.is_set():
            answer.set_exception(Unavailable())
            return answer
        self.tell(commands)
        question = _Question(answer, len(commands), self._loop.time() + PATIENCE)
        self._questions.append(question)
        if self._impatience is None:
            self._impatience = self._loop.call_at(question.until, self._look_at_the_time)
        return answer

    def tell(self, commands: Sequence[Command]) -> None:
        """Send these with what else leaves in this turn of the loop."""
        if not self._turn:
            self._loop.call_soon(self._leave)
        for command in commands:
            packed = hiredis.pack_command((*command[:-1], self.server) if command[-1] is SERVER else command)
            self._turn.append(packed)

    async def learn_server(self) -> None:
        """Ask which server this is. Raises `RedisError`, `Unavailable`, also for a replica, which may be promoted."""
        [info] = await self.ask([("INFO", "replication")])
        if isinstance(info, Exception):
            raise info
        lines = dict(line.split(":", 1) for line in info.decode().splitlines() if ":" in line)
        if lines["role"] != "master":
            raise Unavailable
        self.server = lines["master_replid"]

    def abort(self) -> None:
        self._transport.abort()

    def _leave(self) -> None:
        turn, self._turn = self._turn, []
        if not self.lost.is_set():
            self._transport.write(b"".join(turn))

    def _look_at_the_time(self) -> None:
        """A server that does not answer in time is frozen or gone; there is no other sign of it."""
        self._impatience = None
        if self._questions:
            until = self._questions[0].until
            if until <= self._loop.time():
                self.abort()
            else:
                self._impatience = self._loop.call_at(until, self._look_at_the_time)

    def data_received(self, data: bytes) -> None:
        self._feed(data)
        gets, heard, questions = self._gets, self._heard, self._questions
        while (reply := gets()) is not _NOTHING:
            if heard is not None:
                heard(reply)
                continue
            question = questions[0]
            question.replies.append(reply)
            if len(question.replies) == question.commands:
                questions.popleft()
                if not question.answer.done():  # else nobody waits for it any more
                    question.answer.set_result(question.replies)

    def _error(self, text: str) -> Exception:
        """What an error reply means; `Unavailable` for every error that passes."""
        code = text.partition(" ")[0]
        if code == "READONLY":  # it has become a replica, and may be another server when it is none any more
            self.abort()
        if code in _PASSING:
            return Unavailable(code)
        if code in {"MOVED", "ASK"}:
            return Elsewhere(text)
        return NoScriptError(text) if code == "NOSCRIPT" else ResponseError(text)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
        self.lost.set()
        for question in self._questions:
            if not question.answer.done():
                question.answer.set_exception(Unavailable())
        self._questions.clear()


class Elsewhere(Exception):  # noqa: N818
    """The server says that another one has the key: `MOVED` for good, `ASK` it this once."""

    def __init__(self, text: str) -> None:
        code, _, where = text.split(" ")[:3]
        self.is_for_good = code == "MOVED"
        self.host, _, port = where.rpartition(":")
        self.port = int(port)

"""A Redis in memory: the commands that the server uses, its own Lua scripts, sharded pub/sub, and what goes wrong.

The scripts run as they are, in the Lua that Redis has. A failover is played by taking back the last writes: the replica
that is promoted had not got them yet.
"""

import asyncio
import functools
from collections import deque
from collections.abc import Callable, Iterable
from hashlib import sha1
from random import Random
from typing import Any, Final

import hiredis
import msgpack  # type: ignore[import-untyped]
from lupa.lua51 import LuaRuntime, lua_type  # type: ignore[import-untyped]
from msgspec import Struct

from tests.simulation.loop import Process, Time
from tests.simulation.network import Line

JOURNAL: Final = 400  # writes that a failover could take back
NOW: Final = 1_750_000_000.0  # the date at which the simulation begins

Hash = dict[bytes, bytes]
Sorted = dict[bytes, float]


class Weather(Struct):
    """How often something goes wrong, as probabilities."""

    lost_request: float = 0  # the line breaks before the commands have arrived
    lost_reply: float = 0  # the commands were carried out, and the line breaks before the answers
    twice: float = 0  # a command is carried out a second time, and answered by what it says then
    dropped: float = 0  # of published messages, for each subscriber
    late: float = 0
    repeated: float = 0
    subscribed_again: float = 0  # a subscription is acknowledged once more


class Error(Exception):
    """What Redis answers with a minus."""


class Failure(Exception):  # noqa: N818
    """The simulated Redis cannot do what it was asked: it has to learn more."""


class Session:
    """One connection, seen from the server."""

    def __init__(self, redis: "Redis", line: Line) -> None:
        self.line = line
        self.is_over = False
        self.protocol = 2
        self.channels: dict[bytes, None] = {}
        self._redis = redis
        self._reader = hiredis.Reader()

    def received(self, data: bytes) -> None:
        self._reader.feed(data)
        self._redis.wake(self)

    def commands(self) -> list[list[bytes]]:
        found = list[list[bytes]]()
        while (command := self._reader.gets()) is not False:
            found.append(command)
        return found

    def lost(self) -> None:
        self.end()

    def end(self) -> None:
        if not self.is_over:
            self.is_over = True
            self._redis.sessions.pop(self, None)
            self.line.hang_up()


class Redis:
    def __init__(self, time: Time, rng: Random, changed: Callable[[bytes, Any, Any], object]) -> None:
        """`changed` is told of a key's value, before and after, whenever a command has written to it."""
        self.weather = Weather()
        self.is_away = False
        self.frozen_until = 0.0
        self.sessions: dict[Session, None] = {}
        self.data: dict[bytes, Hash | Sorted] = {}
        self.latency = 0.001
        self.trace: Callable[..., object] = lambda *_: None
        self._time, self._rng, self._changed = time, rng, changed
        self._expires: dict[bytes, float] = {}
        self._scripts: set[bytes] = set()
        self._lives = 0  # servers that it has been
        self._journal: deque[list[tuple[bytes, Any]]] = deque(maxlen=JOURNAL)
        self._before: dict[bytes, Any] = {}  # what the running command has written to
        self._waiting: dict[Session, None] = {}
        self._parted: dict[Process, float] = {}

    # The network

    def accept(self, process: Process, protocol: asyncio.Protocol) -> asyncio.Transport:
        if self.is_away:
            raise ConnectionRefusedError
        is_parted = self._parted.get(process, 0.0) > self._time.now
        line = Line(self._time, self._rng, process, protocol, self.latency)
        session = line.far = Session(self, line)
        line.is_silent = is_parted
        self.sessions[session] = None
        return line

    def wake(self, session: Session) -> None:
        if self._time.now < self.frozen_until:
            if not self._waiting:
                self._time.after(self.frozen_until - self._time.now, self._thaw)
            self._waiting[session] = None
        elif not session.is_over:
            self._serve(session)

    def _thaw(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for session in waiting:
            self.wake(session)

    def _serve(self, session: Session) -> None:
        commands = session.commands()
        if not commands:
            return
        weather, chance = self.weather, self._rng.random
        if chance() < weather.lost_request:
            self.trace("redis", "loses a request", len(commands))
            session.end()
            return
        answers = []
        for command in commands:
            answer = self._answer(session, command)
            if command[0] in {b"EVAL", b"EVALSHA", b"HSET", b"ZADD", b"DEL"} and chance() < weather.twice:
                self.trace("redis", "carries out twice")
                answer = self._answer(session, command)
            answers.append(answer)
        if chance() < weather.lost_reply:
            self.trace("redis", "loses a reply", len(commands))
            session.end()
            return
        session.line.send(b"".join(answers))

    # What happens to it

    def fail_over(self, lost: int) -> None:
        """A replica takes over that has not got the last `lost` writes; it knows no script, and nobody is connected."""
        for _ in range(min(lost, len(self._journal))):
            for key, value in self._journal.pop():
                self._put_back(key, value)
        self._scripts.clear()
        self._lives += 1
        self.cut_all()

    def forget_everything(self) -> None:
        for key in list(self.data):
            self._put_back(key, None)
        self._journal.clear()
        self._scripts.clear()
        self._lives += 1
        self.cut_all()

    def cut_all(self) -> None:
        for session in list(self.sessions):
            session.end()

    def cut(self, process: Process) -> None:
        """End all lines of one process."""
        for session in list(self.sessions):
            if session.line.process is process:
                session.end()

    def part_from(self, process: Process, until: float) -> None:
        """Between it and one process nothing arrives any more, on old lines never again."""
        self._parted[process] = until
        for session in self.sessions:
            if session.line.process is process:
                session.line.is_silent = True

    def reunite(self) -> None:
        self._parted.clear()

    def _put_back(self, key: bytes, value: Any) -> None:
        before = self.data.pop(key, None)
        if value is not None:
            self.data[key] = value
        self._changed(key, before, value)

    # Commands

    def _answer(self, session: Session, command: list[bytes]) -> bytes:
        try:
            reply = self._carry_out(session, command)
        except Error as error:
            return b"-" + str(error).encode() + b"\r\n"
        finally:
            self._commit()
        return b"" if reply is _NOTHING else _encoded(reply, session.protocol)

    def _commit(self) -> None:
        if self._before:
            before, self._before = self._before, {}
            self._journal.append(list(before.items()))
            for key, value in before.items():
                self._changed(key, value, self.data.get(key))

    def _carry_out(self, session: Session, command: list[bytes]) -> Any:
        name, *arguments = command
        name = name.upper()
        if name == b"HELLO":
            session.protocol = int(arguments[0]) if arguments else session.protocol
            return {b"server": b"redis", b"version": b"8.0.0", b"proto": session.protocol, b"role": b"master"}
        if name in {b"CLIENT", b"SELECT"}:
            return _OK
        if name == b"SSUBSCRIBE":
            for channel in arguments:
                session.channels[channel] = None
                _push(session, [b"ssubscribe", channel, len(session.channels)])
                if self._rng.random() < self.weather.subscribed_again:
                    _push(session, [b"ssubscribe", channel, len(session.channels)])
            return _NOTHING
        if name == b"SUNSUBSCRIBE":
            for channel in arguments:
                session.channels.pop(channel, None)
                _push(session, [b"sunsubscribe", channel, len(session.channels)])
            return _NOTHING
        return self.call(name, *arguments)

    def call(self, name: bytes, *arguments: bytes) -> Any:
        """A command that any connection, and a script, may give."""
        handler = _COMMANDS.get(name.upper())
        if handler is None:
            raise Failure(f"the simulated Redis does not know {name.decode()}")
        return handler(self, *arguments)

    def _get(self, key: bytes) -> Any:
        if self._expires.get(key, self._time.now) < self._time.now:
            del self._expires[key]
            self._write(key)
            self.data.pop(key, None)
        return self.data.get(key)

    def _write(self, key: bytes) -> None:
        """Note what a key holds before it is written to."""
        if key not in self._before:
            value = self.data.get(key)
            self._before[key] = None if value is None else dict(value)

    def _made(self, key: bytes) -> Any:
        self._get(key)
        self._write(key)
        return self.data.setdefault(key, {})

    def _tidy(self, key: bytes) -> None:
        if not self.data.get(key):
            self.data.pop(key, None)
            self._expires.pop(key, None)

    def time(self) -> list[bytes]:
        seconds, rest = divmod(NOW + self._time.now, 1)
        return [b"%d" % seconds, b"%d" % (rest * 1e6)]

    def ping(self) -> Any:
        return _PONG

    def info(self, section: bytes) -> bytes:
        return b"role:master\r\nmaster_replid:%040x\r\n" % self._lives

    def exists(self, *keys: bytes) -> int:
        return sum(self._get(key) is not None for key in keys)

    def delete(self, *keys: bytes) -> int:
        found = [key for key in keys if self._get(key) is not None]
        for key in found:
            self._write(key)
            del self.data[key]
            self._expires.pop(key, None)
        return len(found)

    def pexpire(self, key: bytes, milliseconds: bytes) -> int:
        if self._get(key) is None:
            return 0
        self._expires[key] = self._time.now + float(milliseconds) / 1000
        return 1

    def hset(self, key: bytes, *pairs: bytes) -> int:
        hash_: Hash = self._made(key)
        before = len(hash_)
        hash_.update(zip(pairs[::2], pairs[1::2], strict=True))
        return len(hash_) - before

    def hget(self, key: bytes, field: bytes) -> bytes | None:
        return (self._get(key) or {}).get(field)

    def hmget(self, key: bytes, *fields: bytes) -> list[bytes | None]:
        hash_: Hash = self._get(key) or {}
        return [hash_.get(field) for field in fields]

    def hgetall(self, key: bytes) -> Hash:
        return dict(self._get(key) or {})

    def hexists(self, key: bytes, field: bytes) -> int:
        return int(field in (self._get(key) or {}))

    def hdel(self, key: bytes, *fields: bytes) -> int:
        if self._get(key) is None:
            return 0
        hash_ = self._made(key)
        count = sum(hash_.pop(field, None) is not None for field in fields)
        self._tidy(key)
        return count

    def zadd(self, key: bytes, *arguments: bytes) -> int:
        only_greater = arguments[0].upper() == b"GT"
        pairs = arguments[1:] if only_greater else arguments
        scores: Sorted = self._made(key)
        before = len(scores)
        for score, member in zip(pairs[::2], pairs[1::2], strict=True):
            if not only_greater or float(score) > scores.get(member, float("-inf")):
                scores[member] = float(score)
        return len(scores) - before

    def zscore(self, key: bytes, member: bytes) -> float | None:
        return (self._get(key) or {}).get(member)

    def zrem(self, key: bytes, *members: bytes) -> int:
        return self.hdel(key, *members)

    def zrange(self, key: bytes, low: bytes, high: bytes, by: bytes = b"") -> list[bytes]:
        if by.upper() != b"BYSCORE" and (by, low, high) != (b"", b"0", b"-1"):
            raise Failure("ZRANGE other than BYSCORE, or of all")
        scores: Sorted = self._get(key) or {}
        found = sorted((score, member) for member, score in scores.items())
        return [member for score, member in found if not by or float(low) <= score <= float(high)]

    def zremrangebyscore(self, key: bytes, low: bytes, high: bytes) -> int:
        return self.hdel(key, *self.zrange(key, low, high, b"BYSCORE"))

    def publish(self, channel: bytes, data: bytes) -> int:
        heard = 0
        weather, chance = self.weather, self._rng.random
        for session in list(self.sessions):
            if channel not in session.channels:
                continue
            heard += 1
            if chance() < weather.dropped:
                self.trace("redis", "drops news")
                continue
            late = self._rng.uniform(0.01, 1.5) if chance() < weather.late else 0.0
            _push(session, [b"smessage", channel, data], late)
            if chance() < weather.repeated:
                _push(session, [b"smessage", channel, data], self._rng.uniform(0, 1.5))
        return heard

    def eval(self, text: bytes, count: bytes, *arguments: bytes) -> Any:
        sha = sha1(text, usedforsecurity=False).hexdigest().encode()
        _compile(text, sha)
        self._scripts.add(sha)
        return self.evalsha(sha, count, *arguments)

    def evalsha(self, sha: bytes, count: bytes, *arguments: bytes) -> Any:
        if sha not in self._scripts:
            raise Error("NOSCRIPT No matching script. Please use EVAL.")
        keys = int(count)
        return _run(self, sha, arguments[:keys], arguments[keys:])


_NOTHING, _OK, _PONG = object(), object(), object()

_COMMANDS: Final[dict[bytes, Callable[..., Any]]] = {
    b"INFO": Redis.info,
    b"TIME": Redis.time, b"PING": Redis.ping, b"EXISTS": Redis.exists, b"DEL": Redis.delete, b"UNLINK": Redis.delete,
    b"PEXPIRE": Redis.pexpire, b"HSET": Redis.hset, b"HGET": Redis.hget, b"HMGET": Redis.hmget,
    b"HGETALL": Redis.hgetall, b"HEXISTS": Redis.hexists, b"HDEL": Redis.hdel, b"ZADD": Redis.zadd,
    b"ZSCORE": Redis.zscore, b"ZREM": Redis.zrem, b"ZRANGE": Redis.zrange, b"ZREMRANGEBYSCORE": Redis.zremrangebyscore,
    b"SPUBLISH": Redis.publish, b"PUBLISH": Redis.publish, b"EVAL": Redis.eval, b"EVALSHA": Redis.evalsha,
}  # fmt: skip


def _push(session: Session, message: list[Any], late: float = 0.0) -> None:
    lead = b">" if session.protocol == 3 else b"*"
    data = lead + b"%d\r\n" % len(message) + b"".join(_encoded(part, session.protocol) for part in message)
    session.line.send(data, late)


def _encoded(reply: Any, protocol: int) -> bytes:
    """A reply as RESP."""
    if isinstance(reply, bytes):
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if reply is None:
        return b"_\r\n" if protocol == 3 else b"$-1\r\n"
    if isinstance(reply, int):
        return b":%d\r\n" % reply
    if isinstance(reply, float):
        text = f"{reply:.17g}".encode()
        return b",%b\r\n" % text if protocol == 3 else _encoded(text, protocol)
    if isinstance(reply, dict):
        lead, count = (b"%", len(reply)) if protocol == 3 else (b"*", 2 * len(reply))
        parts: Iterable[Any] = (part for pair in reply.items() for part in pair)
        return lead + b"%d\r\n" % count + b"".join(_encoded(part, protocol) for part in parts)
    if isinstance(reply, list):
        return b"*%d\r\n" % len(reply) + b"".join(_encoded(part, protocol) for part in reply)
    return {_OK: b"+OK\r\n", _PONG: b"+PONG\r\n"}[reply]


# Lua, once for all simulations of this process: a script is compiled once

_serving: list[Redis] = []


def _redis_call(name: bytes, *arguments: Any) -> Any:
    texts = [argument if isinstance(argument, bytes) else f"{argument:.17g}".encode() for argument in arguments]
    reply = _serving[-1].call(name, *texts)
    if isinstance(reply, dict):
        reply = [part for pair in reply.items() for part in pair]
    if isinstance(reply, list):
        return _lua().table_from([False if part is None else part for part in reply])
    if isinstance(reply, float):
        return f"{reply:.17g}".encode()
    return False if reply is None else reply


def _pack(*values: Any) -> bytes:
    plain = (int(value) if isinstance(value, float) else value for value in values)
    return b"".join(msgpack.packb(value, use_bin_type=False) for value in plain)


def _unpack(data: bytes) -> Any:
    return _as_lua(msgpack.unpackb(data, raw=True))


def _as_lua(value: Any) -> Any:
    if isinstance(value, list):
        return _lua().table_from([_as_lua(part) for part in value])
    if isinstance(value, dict):
        return _lua().table_from({key: _as_lua(part) for key, part in value.items()})
    return value


@functools.cache
def _lua() -> Any:
    lua = LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    table = lua.globals()
    table.redis = lua.table_from({b"call": _redis_call, b"sha1hex": _sha1hex})
    table.cmsgpack = lua.table_from({b"pack": _pack, b"unpack": _unpack})
    return lua


def _sha1hex(data: bytes) -> bytes:
    return sha1(data, usedforsecurity=False).hexdigest().encode()


_compiled: dict[bytes, Any] = {}


def _compile(text: bytes, sha: bytes) -> None:
    if sha not in _compiled:
        _compiled[sha] = _lua().execute(b"return function(KEYS, ARGV)\n" + text + b"\nend")


def _run(redis: Redis, sha: bytes, keys: tuple[bytes, ...], arguments: tuple[bytes, ...]) -> Any:
    lua = _lua()
    _serving.append(redis)
    try:
        return _from_lua(_compiled[sha](lua.table_from(keys), lua.table_from(arguments)))
    finally:
        _serving.pop()


def _from_lua(value: Any) -> Any:
    if value is None or value is False:
        return None
    if value is True:
        return 1
    if isinstance(value, float):
        return int(value)
    if lua_type(value) == "table":
        return [_from_lua(part) for part in value.values()]
    return value

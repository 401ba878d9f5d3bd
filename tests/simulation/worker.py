"""One worker process: the server's own parts, put together as server/app.py does, on a simulated machine."""

import asyncio
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from starlette.websockets import WebSocket

from config.settings import Settings
from rooms.vocabulary import Refused, RoomId
from server.beat import Beat
from server.clock import SteadyClock
from server.house import House
from server.log import Unavailable
from server.log.redis import RedisLog
from server.redis import RedisLine
from server.replica import Replica
from server.schedule.meetings import Occurrence, Schedule
from server.seats import Seats
from server.socket import connect
from server.stats import Gauges, Metrics
from server.transport import EXTENSION, Bounds, Connection, Handshake
from server.watch import Watch
from server.workers import RedisWorkers
from tests.simulation.loop import Process, Time
from tests.simulation.network import Far, Line
from tests.simulation.simulated_redis import NOW, Redis

SETTINGS = Settings(
    redis="redis://redis:6379",
    secret="a secret of all workers",
    blink_seconds=2,
    room_events=60,  # so that snapshots are made, and the log is cut, again and again
    slow_bytes=8 * 1024,
    cut_bytes=32 * 1024,
    stall_seconds=4,
    ping_seconds=6,
)


class OneMeeting:
    """The schedule of an installation with one meeting; it is another server's, and never away."""

    def __init__(self, occurrence: Occurrence) -> None:
        self._occurrence = occurrence
        self.ended = False
        self.on_deleted: object = None

    async def occurrence(self, room: str, now: int) -> Occurrence | Refused:
        return Refused("ended", "This meeting is over.") if self.ended else self._occurrence

    async def get(self, slug: str) -> Occurrence:
        return self._occurrence

    async def mark_ended(self, room: RoomId) -> None:
        self.ended = True


class ShakingHands(asyncio.Protocol):
    """A connection while it is uvicorn's."""

    handshake_complete = True
    transport: Line
    connection: Connection

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.watch.open += 1
        self.connections = set[asyncio.Protocol]()
        self.disconnected = False

    def eof_received(self) -> None: ...

    def connection_lost(self, exc: Exception | None) -> None:
        self.disconnected = True
        self.watch.open -= 1

    def hand_over(self, successor: Connection) -> None:
        self.transport.set_protocol(successor)


class Worker:
    def __init__(
        self,
        name: str,
        time: Time,
        rng: Random,
        redis: Redis,
        schedule: OneMeeting,
        failed: Callable[[str, BaseException | None], object],
        wrong_by: float,
    ) -> None:
        """`wrong_by`: how many seconds its machine's date is wrong."""
        self.name = name
        self.is_ready = False
        self.process = Process(time, name, failed)  # type: ignore[abstract]  # asyncio needs no more of a loop
        self.process.network["redis"] = redis
        self._time, self._rng = time, rng
        self._failed = failed
        self._wrong_by = wrong_by
        self._schedule = schedule
        self._stopping: asyncio.Event
        self._lines: dict[Connection, Line] = {}
        self.house: House
        self.process.soon(lambda: self.process.create_task(self._main()))

    @property
    def replicas(self) -> list[Replica]:
        return list(self.house._rooms.values()) if hasattr(self, "house") else []

    async def _main(self) -> None:
        started = self._time.now
        clock = SteadyClock(
            lambda: NOW + self._time.now + self._wrong_by,
            lambda: 1000 + self._time.now - started,
        )
        line = RedisLine(SETTINGS.redis)
        metrics = Metrics(Gauges)
        metrics.tell_of_fault = lambda error: self._failed(f"{self.name}: a fault", error)  # type: ignore[assignment, method-assign]
        workers = RedisWorkers(line, clock)
        seats, schedule = Seats(SETTINGS.secret), cast(Schedule, self._schedule)
        self.house = House(SETTINGS, clock, RedisLog(line), seats, schedule, workers, metrics)
        beat = Beat(line, workers, self.house, clock)
        self.watch = Watch(
            Bounds(
                soft=SETTINGS.slow_bytes,
                hard=SETTINGS.cut_bytes,
                stall_seconds=SETTINGS.stall_seconds,
                ping_seconds=SETTINGS.ping_seconds,
            ),
            metrics.stats,
        )
        self._stopping = asyncio.Event()
        try:
            async with line, asyncio.TaskGroup() as tasks:
                owned = [tasks.create_task(self.house.live())]
                await beat.begin()
                owned.append(tasks.create_task(beat.live()))
                self.is_ready = True
                await self._stopping.wait()
                for task in owned:
                    task.cancel()
        except* Unavailable:
            self.is_ready = False  # the supervisor starts another
        except* Exception as errors:
            self._failed(f"{self.name}: ended", errors)
        self.kill()

    def kill(self) -> None:
        self.is_ready = False
        self.process.kill()

    def hang_up(self) -> None:
        """The kernel ends the lines of a dead process."""
        for line in self._lines.values():
            line.far_ends()

    def stop(self) -> None:
        """As on SIGTERM."""
        self.is_ready = False
        for connection, line in tuple(self._lines.items()):
            if line.get_protocol() is connection:  # else it still shakes hands
                connection.shutdown()
        self._stopping.set()

    def accept(self, far: Far, latency: float, text: bool) -> Line:
        """A client that connects. Raises `OSError`."""
        if not self.is_ready:
            raise ConnectionRefusedError
        shaking = ShakingHands(self.watch)
        shaking.transport = line = Line(self._time, self._rng, self.process, shaking, latency)
        line.far = far
        line.pause_reading()
        self.process.soon(self._shake_hands, shaking, text)
        return line

    def _shake_hands(self, shaking: "ShakingHands", text: bool) -> None:
        connection = shaking.connection = Connection(cast(Handshake, shaking))
        self._lines[connection] = shaking.transport

        async def accept(subprotocol: str) -> None: ...

        websocket: Any = SimpleNamespace(
            scope={
                "subprotocols": ["openchair.v1.json" if text else "openchair.v1.msgpack"],
                "extensions": {EXTENSION: connection},
            },
            headers={},
            path_params={"room": "circle"},
            client=SimpleNamespace(host="10.0.0.1"),
            accept=accept,
        )
        self.process.create_task(connect(cast(WebSocket, websocket), self.house))

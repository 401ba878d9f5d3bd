"""A real server on a loopback port, whose clock moves when told."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn

from config.settings import Settings
from rooms.agenda import Close
from rooms.formats import Format
from rooms.room import AnyEvent, Room, evolve
from rooms.vocabulary import RoomId, Tick
from server.app import App
from server.clock import SteadyClock
from server.log import Loaded, Log
from server.log.memory import MemoryLog
from server.replica import Replica
from server.schedule.keys import Keys, new_keys
from server.schedule.meetings import Meeting
from server.schedule.recurrence import Now, Once, Recurrence
from tests.server.client import Client

SECONDS = 30  # after which a test that still waits has failed
MINUTE = 60_000
OPENCHAIR = [sys.executable, "-c", "import sys; from server.cli import app; app(sys.argv[1:], prog_name='openchair')"]

A_ROUND = {"kind": "round", "title": "Sharing", "minutes": 30}


class Clock(SteadyClock):
    """The real time, and as much more as the test has let pass."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0

    def __call__(self) -> int:
        return super().__call__() + self.ahead


@dataclass
class Given:
    """A meeting that stands in the schedule, and its secrets."""

    slug: str
    keys: Keys


@dataclass
class Served:
    app: App
    clock: Clock
    server: uvicorn.Server
    port: int
    _clients: list[Client] = field(default_factory=list)

    async def a_meeting(
        self,
        *phases: dict[str, Any],
        slug: str = "circle",
        minutes: float = 60,
        passcode: str | None = None,
        starts_in: int | None = None,  # ms, and up to the next full minute; else it waits for its start
        **rules: Any,
    ) -> Given:
        """A meeting of that slug; its doors are open unless it has a date. `rules` are those of its format."""
        keys = new_keys()
        format_ = msgspec.convert({"phase": phases or (A_ROUND,), **rules}, Format)
        recurrence: Recurrence = Now(self.clock())
        if starts_in is not None:
            start = -(-(self.clock() + starts_in) // MINUTE) * MINUTE
            recurrence = Once(datetime.fromtimestamp(start / 1000, UTC).replace(tzinfo=None))
        meeting = Meeting(name="A circle", timezone="UTC", minutes=minutes, recurrence=recurrence, format=format_)
        assert await self.app.schedule.add(slug, meeting, keys.kept(passcode)) is not None
        return Given(slug, keys)

    async def connected(self, room: str = "circle", text: bool = False, **options: Any) -> Client:
        """A connection that has not said hello."""
        client = await Client.connect(self.port, room, text, **options)
        self._clients.append(client)
        return client

    async def comes(self, name: str | None = None, room: str = "circle", text: bool = False, **fields: Any) -> Client:
        """Somebody who is in."""
        client = await self.connected(room, text)
        answer = await client.hello(**({} if name is None else {"name": name}), **fields)
        assert answer["t"] == "welcome", answer
        return client

    async def resumes(self, before: Client, **fields: Any) -> Client:
        """The same person on a new connection, with the seat and the position of the one before."""
        seat = before.welcome["seat"]
        client = await self.comes(text=before.text, **{"seat": seat, **before.position, **fields})
        client.last = before.last
        return client

    async def get(self, path: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return await client.get(path)

    @property
    def data(self) -> Path:
        return Path(self.app.settings.data)

    @property
    def log(self) -> Log:
        return self.app.house._world.log

    @property
    def logs_in_memory(self) -> dict[RoomId, Loaded]:
        assert isinstance(self.log, MemoryLog)
        return self.log._rooms

    @property
    def replicas(self) -> list[Replica]:
        return list(self.app.house._rooms.values())

    async def rooms_are_gone(self) -> None:
        """Wait until no room is open."""
        rooms = [task for task in asyncio.all_tasks() if task.get_name() == "room"]
        if rooms:
            _, pending = await asyncio.wait(rooms, timeout=SECONDS)
            assert not pending, "a room stays open"
        assert not self.replicas

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass, and the rooms notice it."""
        self.clock.ahead += milliseconds
        for replica in self.replicas:
            replica.request(Tick())

    def end_all(self) -> None:
        for replica in self.replicas:
            replica.request(Close())

    async def logs_tell_what_the_rooms_are(self) -> None:
        """Invariant 4: replaying the log from its last snapshot gives the state that the live replica has."""
        for replica in self.replicas:
            if replica.room.id and not replica._is_stale:
                async with asyncio.timeout(SECONDS):
                    loaded = await self.log.load(replica.id)
                    while loaded is None or loaded.position != replica.position:
                        await asyncio.sleep(0.01)  # another worker's news is still on its way
                        loaded = await self.log.load(replica.id)
                room = Room() if loaded.snapshot is None else msgspec.msgpack.decode(loaded.snapshot, type=Room)
                for entry in loaded.history.after(loaded.saved) or ():
                    event = msgspec.msgpack.decode(msgspec.msgpack.encode(entry.event), type=AnyEvent)
                    evolve(room, event)
                assert room == replica.room

    def forget_the_clients(self) -> None:
        self._clients.clear()

    async def close(self) -> None:
        for client in self._clients:
            client.line.transport.abort()


async def it_is_so(served: Served, holds: Callable[[], object]) -> None:
    """Wait, while the server sees to its clients."""
    async with asyncio.timeout(SECONDS):
        while not holds():
            await served.get("/healthz")


@asynccontextmanager
async def serving(data: Path, **settings: Any) -> AsyncIterator[Served]:
    """Serve until the block ends, and stop as on SIGTERM. Fails if anything failed inside the loop."""
    failures = list[dict[str, Any]]()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    clock = Clock()
    app = App(msgspec.convert({"data": str(data), "blink_seconds": 0, **settings}, Settings), clock)
    listening = socket.create_server(("127.0.0.1", 0))
    server = app.server()
    running = loop.create_task(server.serve(sockets=[listening]))
    served = Served(app, clock, server, listening.getsockname()[1])
    try:
        assert (await served.get("/readyz")).status_code == 200  # answered as soon as the server has started
        yield served
        await served.logs_tell_what_the_rooms_are()
    finally:
        await served.close()
        server.should_exit = True
        await running
    assert not failures, failures
    assert app.metrics.stats.faults == 0

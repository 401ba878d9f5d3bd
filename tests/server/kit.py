"""A real server on a loopback port, whose clock moves when told, and a client written from docs/protocol.md alone.

The client knows nothing of the product: it is `websockets` with `msgpack` or `json`.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgpack  # type: ignore[import-untyped]
import msgspec
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

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

SECONDS = 10  # after which a test that still waits has failed
MINUTE = 60_000
OPENCHAIR = [sys.executable, "-c", "import sys; from server.cli import app; app(sys.argv[1:], prog_name='openchair')"]

Message = dict[str, Any]
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


class Client:
    """One connection. What has come is read in order, and only when asked for; `seen` is all that was read."""

    def __init__(self, line: ClientConnection, text: bool) -> None:
        self.line = line
        self.text = text
        self.seen: list[Message] = []
        self.welcome: Message = {}
        self.last = 0  # the id of the last command
        self._come: list[Message] = []

    @property
    def id(self) -> str:
        return str(self.welcome["you"])

    @property
    def room(self) -> Message:
        """The room of the welcome."""
        room: Message = self.welcome["room"]
        return room

    @property
    def position(self) -> Message:
        """What a `hello` needs to resume behind the last event seen."""
        last = next((m for m in reversed(self.seen) if "seq" in m and m["t"] != "ack"), self.welcome)
        return {"epoch": self.welcome["epoch"], "since": last["seq"], "tag": last["tag"]}

    @property
    def events(self) -> list[Message]:
        return [message for message in self.seen if "at" in message]

    async def send(self, message: Any) -> None:
        await self.line.send(json.dumps(message) if self.text else msgpack.packb(message))

    async def hello(self, **fields: Any) -> Message:
        """Say hello; the first answer."""
        await self.send({"t": "hello", **fields})
        return await self.receive()

    async def receive(self) -> Message:
        """The next message. Raises `ConnectionClosed`."""
        while not self._come:
            try:
                async with asyncio.timeout(SECONDS):
                    data = await self.line.recv()
            except TimeoutError:
                raise AssertionError(f"nothing more came after {self.seen[-5:]}") from None
            assert isinstance(data, str) == self.text
            messages = json.loads(data) if isinstance(data, str) else msgpack.unpackb(data)
            assert isinstance(messages, list), "the server sends arrays"
            self._come = messages
        message = self._come.pop(0)
        self.seen.append(message)
        if message["t"] == "welcome":
            self.welcome = message
            self.last = max(self.last, message["last"])
        return message

    async def sees(self, t: str, **fields: Any) -> Message:
        """The first message of that type and those fields since the welcome, whether it has been read already."""
        wanted = {"t": t, **fields}
        already = (message for message in self.seen if wanted.items() <= message.items())
        return next(already, None) or await self.until(t, **fields)

    async def until(self, t: str, **fields: Any) -> Message:
        """Read on until a message of that type and those fields."""
        while True:
            message = await self.receive()
            if message["t"] == t and fields.items() <= message.items():
                return message

    async def tell(self, t: str, **fields: Any) -> int:
        """Send a command without waiting for its answer; its id."""
        self.last += 1
        await self.send({"t": t, "id": self.last, **fields})
        return self.last

    async def answer(self, command: int) -> Message:
        while True:
            message = await self.receive()
            if message["t"] in {"ack", "refused"} and message.get("id") == command:
                return message

    async def ask(self, t: str, **fields: Any) -> Message:
        """Send a command; its `ack` or `refused`."""
        return await self.answer(await self.tell(t, **fields))

    async def does(self, t: str, **fields: Any) -> None:
        """Send a command that is carried out."""
        answer = await self.ask(t, **fields)
        assert answer["t"] == "ack", answer

    async def is_refused(self, t: str, **fields: Any) -> str:
        """Send a command that is not; the code."""
        answer = await self.ask(t, **fields)
        assert answer["t"] == "refused", answer
        return str(answer["code"])

    async def closing_code(self) -> int:
        """Read to the end; how the connection was closed."""
        try:
            while True:
                await self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def leave_the_line(self) -> None:
        """The line ends without a word, as a phone's in a tunnel."""
        self.line.transport.abort()
        await self.line.wait_closed()


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
        subprotocol = Subprotocol("openchair.v1.json" if text else "openchair.v1.msgpack")
        url = f"ws://127.0.0.1:{self.port}/rooms/{room}/socket"
        options = {"subprotocols": [subprotocol], "compression": None, "max_queue": None, **options}
        client = Client(await connect(url, **options), text)
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
                loaded = await self.log.load(replica.id)
                assert loaded is not None
                room = Room() if loaded.snapshot is None else msgspec.msgpack.decode(loaded.snapshot, type=Room)
                for entry in loaded.history.after(loaded.saved) or ():
                    event = msgspec.msgpack.decode(msgspec.msgpack.encode(entry.event), type=AnyEvent)
                    evolve(room, event)
                assert room == replica.room
                assert loaded.position == replica.position

    async def close(self) -> None:
        for client in self._clients:
            client.line.transport.abort()


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
    assert not failures
    assert app.metrics.stats.faults == 0

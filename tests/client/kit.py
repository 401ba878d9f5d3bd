"""A real server and clients of it; a tunnel whose line breaks when told; a server that says what a test wants."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import websockets
from websockets.asyncio.server import ServerConnection
from websockets.typing import Subprotocol

from client.coming_back import Delays
from client.room import RoomClient, connect
from rooms.room import Room
from rooms.view import view
from tests.kit import ALICE, NOON, a_round
from tests.server.kit import SECONDS, Given, Served, serving

AT_ONCE = Delays(0, 0)


class Site:
    """A running server, and the people who come to it."""

    def __init__(self, served: Served, people: AsyncExitStack) -> None:
        self.served = served
        self._people = people

    def link(self, slug: str = "circle", key: str | None = None, port: int | None = None) -> str:
        address = f"http://127.0.0.1:{port or self.served.port}/r/{slug}"
        return address if key is None else f"{address}#key={key}"

    async def a_meeting(self, *phases: dict[str, Any], **options: Any) -> Given:
        return await self.served.a_meeting(*phases, **options)

    async def comes(self, name: str | None = None, link: str | None = None, **options: Any) -> RoomClient:
        """Somebody who is in, until the test is over."""
        async with asyncio.timeout(SECONDS):
            coming = connect(link or self.link(), name=name, **{"delays": AT_ONCE, **options})
            return await self._people.enter_async_context(coming)

    async def facilitates(self, meeting: Given, name: str = "Fay", **options: Any) -> RoomClient:
        return await self.comes(name, self.link(meeting.slug, meeting.keys.host), **options)

    async def tunnel(self) -> "Tunnel":
        return await self._people.enter_async_context(tunnel_to(self.served.port))

    @property
    def room(self) -> Room:
        """The one room that is open, as the server has it."""
        [replica] = self.served.replicas
        return replica.room

    def sees_what_the_server_has(self, client: RoomClient) -> None:
        """The state is what a snapshot would be; with a discreet roster, the people in any order."""
        now = client.now()
        seen, there = view(client.state, client.you, now), view(self.room, client.you, now)
        for it in (seen, there):
            it.participants.sort(key=lambda participant: participant.id)
        assert seen == there


@asynccontextmanager
async def at_a_site(data: Path, **settings: Any) -> AsyncIterator[Site]:
    async with serving(data, **settings) as served, AsyncExitStack() as people:
        yield Site(served, people)


async def happens(client: RoomClient, holds: Callable[[], object]) -> None:
    """Wait until it is so, in a client's eyes."""
    async with asyncio.timeout(SECONDS):
        await client.until(holds)


async def all_hear(of: int, *clients: RoomClient) -> None:
    """Wait until event `of`, which everybody may see, has reached all of them."""
    for client in clients:
        await happens(client, lambda client=client: client.state.seq >= of)  # type: ignore[misc]


class Tunnel:
    """A line to the server that can break, or stop carrying its answers."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.is_deaf = False  # what the server says is lost
        self._to = port
        self._lines: set[asyncio.StreamWriter] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there = await asyncio.open_connection("127.0.0.1", self._to)
        self._lines |= {writer, there}

        async def carry(source: asyncio.StreamReader, to: asyncio.StreamWriter, answers: bool) -> None:
            while data := await source.read(1 << 16):
                if not (answers and self.is_deaf):
                    to.write(data)
                    await to.drain()

        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(carry(reader, there, answers=False))
                tasks.create_task(carry(there_reader, writer, answers=True))
        except* ConnectionError:
            pass
        finally:
            for line in (writer, there):
                line.transport.abort()
                self._lines.discard(line)

    def cut(self) -> None:
        """Every line breaks without a word, and what comes after is heard again."""
        self.is_deaf = False
        for line in tuple(self._lines):
            line.transport.abort()


@asynccontextmanager
async def tunnel_to(port: int) -> AsyncIterator[Tunnel]:
    tunnel = Tunnel(port)
    server = await asyncio.start_server(tunnel.serve, "127.0.0.1", 0)
    tunnel.port = server.sockets[0].getsockname()[1]
    try:
        yield tunnel
    finally:
        server.close()
        tunnel.cut()
        await server.wait_closed()


class Line:
    """One connection at a server that says what it is told to."""

    def __init__(self, socket: ServerConnection, hello: dict[str, Any]) -> None:
        self._socket = socket
        self.hello = hello

    async def send(self, *messages: dict[str, Any]) -> None:
        await self._socket.send(json.dumps(messages))

    async def welcome(self, seq: int = 100, **fields: Any) -> None:
        """Let Alice in, who comes to a share round in which only Fay is besides her."""
        room = msgspec.json.decode(msgspec.json.encode(view(a_round(ALICE).room, ALICE, NOON)))
        position = {"epoch": "e", "seq": seq, "tag": f"tag{seq}"}
        welcome = {"t": "welcome", "you": ALICE, "seat": "a seat", "role": "member", "now": NOON, "last": 0}
        await self.send(welcome | position | {"resumed": False, "room": room} | fields)

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._socket.recv())
        return message

    async def close(self, code: int) -> None:
        await self._socket.close(code)

    async def until_closed(self) -> None:
        await self._socket.wait_closed()


Script = Callable[[Line], Awaitable[None]]


@asynccontextmanager
async def a_server_that(*scripts: Script) -> AsyncIterator[str]:
    """A link to a server whose first connection follows the first script, and so on; the last one is repeated."""
    left = list(scripts)
    failures = list[BaseException]()

    async def serve(socket: ServerConnection) -> None:
        line = Line(socket, json.loads(await socket.recv()))
        script = left.pop(0) if len(left) > 1 else left[0]
        try:
            with contextlib.suppress(websockets.ConnectionClosed):
                await script(line)
        except Exception as failure:
            failures.append(failure)

    async with websockets.serve(
        serve, "127.0.0.1", 0, subprotocols=[Subprotocol("openchair.v1.json")], close_timeout=0.2
    ) as server:
        yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/r/circle"
    assert not failures

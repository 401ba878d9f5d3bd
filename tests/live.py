"""A real uvicorn server on a loopback port, and a client that reads and writes only when it is told to."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket
from websockets.frames import Frame, Opcode

from server.transport import Bounds, Connection, connection_of, websocket_protocol

SECONDS = 30  # after which a test that still waits has failed
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n{headers}\r\n"
)


class Listener:
    """Takes a connection over and keeps what it hears."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.messages: asyncio.Queue[str | bytes] = asyncio.Queue()
        self.code: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        connection.take_over(self)

    def received(self, payload: bytes, text: bool) -> None:
        assert not self.code.done(), "a message after the end"
        self.messages.put_nowait(payload.decode() if text else payload)

    def closed(self, code: int) -> None:
        self.code.set_result(code)  # raises for a second time

    async def message(self) -> str | bytes:
        async with asyncio.timeout(SECONDS):
            return await self.messages.get()

    async def closing_code(self) -> int:
        async with asyncio.timeout(SECONDS):
            return await asyncio.shield(self.code)


class Served:
    """A running server; without an app of its own, it has each socket taken over by a `Listener`."""

    def __init__(self, app: ASGIApp | None, protocol: type[asyncio.Protocol], options: dict[str, Any]) -> None:
        self.protocol = protocol
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.listeners: asyncio.Queue[Listener] = asyncio.Queue()
        config = uvicorn.Config(app or socket_app(self.listen), ws=protocol, lifespan="off", log_config=None, **options)
        self.uvicorn = uvicorn.Server(config)

    async def listen(self, websocket: WebSocket) -> None:
        await websocket.accept()
        self.listeners.put_nowait(Listener(connection_of(websocket)))

    async def listener(self) -> Listener:
        async with asyncio.timeout(SECONDS):
            return await self.listeners.get()

    async def joined(self, **options: Any) -> tuple["Client", Listener]:
        """A client that has shaken hands, and the server's side of it."""
        client = await Client.connect(self.port, **options)
        await client.shake_hands()
        return client, await self.listener()


@asynccontextmanager
async def serving(
    app: ASGIApp | None = None,
    bounds: Bounds | None = None,
    protocol: type[asyncio.Protocol] | None = None,
    **options: Any,
) -> AsyncIterator[Served]:
    """Serve until the block ends, and stop as on SIGTERM. Fails if anything failed inside the loop."""
    loop, failures = asyncio.get_running_loop(), list[dict[str, Any]]()
    loop.set_exception_handler(lambda _, context: failures.append(context))
    served = Served(app, protocol or websocket_protocol(bounds or Bounds(close_seconds=0.2)), options)
    running = loop.create_task(served.uvicorn.serve(sockets=[served.socket]))
    try:
        yield served
    finally:
        served.uvicorn.should_exit = True
        await running
    assert not failures


def socket_app(endpoint: Callable[[WebSocket], Awaitable[None]]) -> Starlette:
    return Starlette(routes=[WebSocketRoute("/socket", endpoint)])


class Client:
    """A client down to the bytes. Nothing is read before it is asked for: unread bytes fill the kernel's buffers."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._rest = b""

    @classmethod
    async def connect(cls, port: int, receive_buffer: int | None = None) -> "Client":
        sock = socket.socket()
        sock.setblocking(False)
        if receive_buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return cls(sock)

    async def request(self, path: str = "/socket", headers: str = "") -> None:
        await self.send(HANDSHAKE.format(path=path, headers=headers).encode())

    async def response(self) -> str:
        """The head of the server's answer."""
        while b"\r\n\r\n" not in self._rest:
            await self._fill()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        return head.decode()

    async def shake_hands(self, path: str = "/socket", headers: str = "") -> str:
        await self.request(path, headers)
        head = await self.response()
        assert head.startswith("HTTP/1.1 101 "), head
        return head

    async def send(self, data: bytes) -> None:
        async with asyncio.timeout(SECONDS):
            await asyncio.get_running_loop().sock_sendall(self.socket, data)

    async def send_frame(self, opcode: Opcode, payload: bytes = b"", fin: bool = True) -> None:
        await self.send(Frame(opcode, payload, fin).serialize(mask=True))

    async def frame(self) -> tuple[Opcode, bytes]:
        """The next frame of the server. Raises `EOFError` if the line ends first."""
        first, size = await self._exactly(2)
        assert first & 0xF0 == 0x80, "servers send final frames without reserved bits"
        assert size < 128, "servers do not mask"
        if size > 125:
            size = int.from_bytes(await self._exactly(2 if size == 126 else 8))
        return Opcode(first & 0x0F), await self._exactly(size)

    async def until_close(self) -> tuple[int, str]:
        """Read frames until the close frame: its code and reason."""
        while True:
            opcode, payload = await self.frame()
            if opcode is Opcode.CLOSE:
                return int.from_bytes(payload[:2]), payload[2:].decode()

    async def dropped(self) -> bytes:
        """Read to the end of the line, by whatever means it ends."""
        try:
            while True:
                await self._fill()
        except (EOFError, ConnectionError):
            unread, self._rest = self._rest, b""
            return unread

    async def read_some(self, most: int) -> int:
        async with asyncio.timeout(SECONDS):
            return len(await asyncio.get_running_loop().sock_recv(self.socket, most))

    def hang_up(self) -> None:
        self.socket.close()

    def reset(self) -> None:
        """End the line without a word, as a lost phone does at last."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.socket.close()

    async def _exactly(self, count: int) -> bytes:
        while len(self._rest) < count:
            await self._fill()
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken

    async def _fill(self) -> None:
        async with asyncio.timeout(SECONDS):
            data = await asyncio.get_running_loop().sock_recv(self.socket, 1 << 16)
        if not data:
            raise EOFError
        self._rest += data

"""What server/transport.py takes for granted of uvicorn and websockets. A release that changes it fails here."""

import asyncio
import inspect
import logging
import socket
from collections.abc import Generator
from typing import Any

from starlette.websockets import WebSocket
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Opcode

from server.transport import Bounds, connection_of
from tests.live import SECONDS, Client, Listener, serving, socket_app


class Observed(WebSocketsSansIOProtocol):
    """uvicorn's own class, telling what is called on it."""

    calls: list[str]
    instances: list["Observed"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.calls.append("connection_made")
        self.instances.append(self)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.calls.append(f"data_received {data[:4].decode()}…{data[-4:].decode()!r}")
        super().data_received(data)
        http = self.transport.get_protocol()  # set_protocol comes last; the two cycles are ours to break
        assert isinstance(http, HttpToolsProtocol)
        assert http.parser

    def handle_connect(self, event: Any) -> None:
        self.calls.append("handle_connect")
        assert not hasattr(self, "scope")
        super().handle_connect(event)
        assert self.scope

    async def run_asgi(self) -> None:
        self.calls.append("run_asgi")
        await super().run_asgi()

    def start_keepalive(self) -> None:
        self.calls.append("start_keepalive")


def observed() -> type[Observed]:
    return type("Observed", (Observed,), {"calls": [], "instances": []})


def test_the_protocol_class_is_made_with_what_we_pass_on() -> None:
    assert list(inspect.signature(WebSocketsSansIOProtocol.__init__).parameters) == [
        "self",
        "config",
        "server_state",
        "app_state",
        "_loop",
    ]


def test_the_methods_that_we_override_or_call_are_its_own() -> None:
    names = (
        "connection_made",
        "connection_lost",
        "data_received",
        "handle_connect",
        "run_asgi",
        "start_keepalive",
        "send_500_response",
        "shutdown",
    )
    assert [name for name in names if name not in vars(WebSocketsSansIOProtocol)] == []


def test_running_the_endpoint_does_no_more_than_our_version_of_it_does() -> None:
    # Handshake.run_asgi replaces this method: whatever it learns to do, ours has to learn.
    words = "app scope receive send ClientDisconnected BaseException logger exception send_500_response"
    more = "handshake_complete error close_timer transport close"
    assert set(WebSocketsSansIOProtocol.run_asgi.__code__.co_names) == set(f"{words} {more}".split())


async def test_an_upgrade_comes_as_one_whole_request_and_each_step_is_a_method() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()

    protocol = observed()
    async with serving(socket_app(endpoint), protocol=protocol) as served:
        client = await Client.connect(served.port)
        request = (
            b"GET /socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request:
            await client.send(bytes([byte]))
        assert (await client.response()).startswith("HTTP/1.1 101 ")
        await client.dropped()
    assert protocol.calls == [
        "connection_made",
        r"data_received GET …'\r\n\r\n'",
        "handle_connect",
        "run_asgi",
        "start_keepalive",
    ]


async def test_the_attributes_that_we_read_and_set_mean_what_we_think() -> None:
    protocol = observed()
    asked = asyncio.Semaphore(0)
    before, after = asyncio.Event(), asyncio.Event()

    async def endpoint(websocket: WebSocket) -> None:
        asked.release()
        await before.wait()
        await websocket.accept()
        await after.wait()

    async with serving(socket_app(endpoint), protocol=protocol) as served:
        clients = [await Client.connect(served.port) for _ in range(2)]
        for client in clients:
            await client.request()
        async with asyncio.timeout(SECONDS):
            await asked.acquire()
            await asked.acquire()
        one, two = protocol.instances
        assert (one.handshake_initiated, one.handshake_complete, one.disconnected) == (True, False, False)
        assert one.response.status_code == 101
        assert one.scope["extensions"] is not two.scope["extensions"]  # ours go in there, for each connection its own
        assert one.connections is served.uvicorn.server_state.connections
        assert {one, two} <= set(one.connections)
        assert one.close_timer is None
        assert isinstance(one.close_timeout, float)
        assert isinstance(one.logger, logging.Logger)
        assert isinstance(one.conn.logger, logging.Logger)
        assert isinstance(one.conn.parser, Generator)
        assert hasattr(one.conn, "available_extensions")
        before.set()
        await clients[0].response()
        assert (one.handshake_complete, one.disconnected) == (True, False)
        after.set()
        await clients[0].dropped()
        assert one.disconnected
        clients[1].hang_up()


async def test_an_asgi_close_after_the_accept_waits_for_the_peer_as_long_as_we_say() -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.close(4000)

    async with serving(socket_app(endpoint), bounds=Bounds(close_seconds=0.1)) as served:
        client = await Client.connect(served.port)
        await client.shake_hands()
        assert await client.until_close() == (4000, "")
        assert await client.dropped() == b""


async def test_our_timer_replaces_that_of_uvicorn() -> None:
    async with serving(bounds=Bounds(ping_seconds=0.3), ws_ping_interval=0.01, ws_ping_timeout=0.01) as served:
        client, listener = await served.joined()
        assert await client.frame() == (Opcode.PING, b"")  # uvicorn's carry four bytes
        await client.send_frame(Opcode.TEXT, b"still here")
        assert await listener.message() == "still here"
        client.hang_up()


async def test_sockets_send_at_once_and_buffer_little() -> None:
    async with serving(bounds=Bounds(send_buffer=32 * 1024)) as served:
        client, listener = await served.joined()
        sock = listener.connection._transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 32 * 1024  # Linux doubles it
        client.hang_up()


async def test_a_stop_asks_each_connection_to_shut_down_and_waits_until_all_are_gone() -> None:
    class Lasting:
        def shutdown(self) -> None:
            asyncio.get_running_loop().call_later(0.5, connections.discard, self)

    async with serving() as served:
        connections: set[Any] = served.uvicorn.server_state.connections
        client, listener = await served.joined()
        assert connections == {listener.connection}
        client.hang_up()
        await listener.closing_code()
        assert connections == set()
        connections.add(Lasting())
    assert connections == set()


async def test_a_trusted_proxy_changes_the_scope_that_the_endpoint_sees() -> None:
    peers: list[tuple[str, str]] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        assert websocket.client
        connection = connection_of(websocket)
        peers.append((websocket.client.host, connection.peer))
        Listener(connection)

    async with serving(socket_app(endpoint), proxy_headers=True, forwarded_allow_ips="127.0.0.1") as served:
        client = await Client.connect(served.port)
        await client.shake_hands(headers="X-Forwarded-For: 203.0.113.9, 127.0.0.1\r\n")
        client.hang_up()
    assert peers == [("203.0.113.9", "203.0.113.9")]

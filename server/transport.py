"""WebSocket connections below the hub: uvicorn's handshake, then a small connection of our own with bounds.

uvicorn's protocol class does the upgrade and carries the ASGI endpoint until it has accepted. Then the endpoint hands
the socket to a `Receiver` and returns: of the handshake (parser, queue, headers, scope, task: 25 KB) nothing stays.
What uvicorn leaves open is closed here: slow and silent peers go, no peer holds up a stop, upgrades are limited.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, Protocol, cast

from starlette.websockets import WebSocket
from uvicorn.config import Config
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.http11 import Request

from server.frames import CLOSE, PING, PONG, TEXT, FrameReader, Violation, close_code, close_frame, control_frame, frame
from server.stats import Stats
from server.watch import TOO_SLOW, Bounds, Watch

__all__ = ["Bounds", "Connection", "Receiver", "connection_of", "frame", "websocket_protocol"]

EXTENSION: Final = "openchair.connection"
ABNORMAL: Final = 1006  # what a receiver hears when there was no close frame
INTERNAL_ERROR: Final = 1011
RESTARTING: Final = 1012
FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 21\r\n\r\n"
    b"Too many connections\n"
)
PING_FRAME: Final = control_frame(PING)

# uvicorn's protocol tells its logger each client's address and path; ours hears of failures only.
log = logging.getLogger("openchair.transport")
log.setLevel(logging.WARNING)


class Receiver(Protocol):
    """Who takes a connection over. Called from the event loop, never from within a call to the connection."""

    def received(self, payload: bytes, text: bool) -> None:
        """Take one whole message of the client, at most `max_message` bytes; `text` is valid UTF-8."""

    def closed(self, code: int) -> None:
        """Hear, exactly once, that it is over: the code of the first close frame, whoever sent it, else 1006."""


def websocket_protocol(bounds: Bounds, stats: Stats | None = None) -> type["Handshake"]:
    """The class for uvicorn's `ws=` setting, one for each server: connections are counted and timed together.

    The server's `limit_concurrency` must stay unset (WebSockets would count against HTTP).
    """

    class BoundedHandshake(Handshake):
        watch = Watch(bounds, stats or Stats())

    return BoundedHandshake


def connection_of(websocket: WebSocket) -> "Connection":
    """The connection under an accepted WebSocket, for the endpoint to `take_over` and return.

    Raises `RuntimeError` on a server that does not run `websocket_protocol`.
    """
    connection = (websocket.scope.get("extensions") or {}).get(EXTENSION)
    if connection is None:
        raise RuntimeError(f"the server offers no {EXTENSION}: uvicorn needs ws=websocket_protocol(...)")
    # Not the socket's own peer: uvicorn may have put in the address that a trusted proxy told.
    connection.peer = websocket.client.host if websocket.client else ""
    return cast(Connection, connection)


def _ignore(frames: bytes) -> None:
    """What is written to a connection that is over."""


class Connection(asyncio.Protocol):
    """A WebSocket after its handshake, as the hub holds it: a transport, a reader and a few flags.

    No method waits. After a close or loss all of them do nothing, so that a hub need not ask.
    """

    __slots__ = (
        "_blocked", "_closing", "_code", "_connections", "_handshake", "_heard", "_queued", "_reader", "_receiver",
        "_send", "_transport", "_watch", "lane", "paused", "peer", "write",
    )  # fmt: skip

    peer: str  # the client's address or "": for limits only, never logged
    paused: bool  # is it slow right now: something is unsent
    lane: set["Connection"]  # those that are pinged together; the watch's own

    write: Callable[[bytes], None]
    """Sends finished frames. A peer that has left more than `hard` bytes unsent is too slow: 4008.

    The transport's own method while nothing is unsent, so that a write costs no call of ours: fetch it each time.
    """

    _blocked: bool  # paused or closing
    _closing: bool  # a close frame was sent, or the line is going down
    _code: int
    _connections: set[asyncio.Protocol]  # uvicorn's, whom it tells to shut down
    _heard: bool  # since the last ping
    _queued: int  # bytes unsent when the pause began, and written since
    _reader: FrameReader | None  # None: whatever still comes is ignored
    _receiver: Receiver
    _send: Callable[[bytes], None]
    _transport: asyncio.Transport
    _watch: Watch

    def __init__(self, handshake: "Handshake") -> None:
        self._handshake: Handshake | None = handshake

    def take_over(self, receiver: Receiver) -> None:
        """From now on messages go to `receiver`, those included that have come in since the handshake.

        The endpoint then returns. Raises `RuntimeError` before `accept` and for a second time.
        """
        handshake = self._handshake
        if handshake is None or not (handshake.handshake_complete or handshake.transport.is_closing()):
            raise RuntimeError("expected to be taken over once, after accept")
        self._handshake = None
        self._watch = handshake.watch
        self._receiver = receiver
        self._transport = transport = handshake.transport
        self._send = transport.write
        self._reader = FrameReader(self._watch.bounds.max_message)
        self._connections = cast(set[asyncio.Protocol], handshake.connections)
        self._code, self._heard, self._queued = ABNORMAL, True, 0
        self._blocked = self._closing = transport.is_closing()
        self.write = _ignore if self._closing else self._send
        self.paused = False
        if handshake.disconnected:
            asyncio.get_running_loop().call_soon(receiver.closed, ABNORMAL)
            return
        handshake.hand_over(self)
        self._watch.add(self)
        if not self._closing:
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._watch.bounds.send_buffer)
            if sock.family != socket.AF_UNIX:  # uvloop has done it; asyncio only for sockets that name their protocol
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # At the first unsent byte we are told, so that an unpaused write need not ask.
            transport.set_write_buffer_limits(high=0)
            transport.resume_reading()

    def write_ephemeral(self, frames: bytes) -> None:
        """Send finished frames, or skip them while more than `soft` bytes are unsent."""
        if not self._blocked:
            self._send(frames)
        elif self._transport.get_write_buffer_size() <= self._watch.bounds.soft:
            self._write_blocked(frames)
        else:
            self._watch.stats.skipped += 1

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame; then nothing more is sent or received. The line drops within `close_seconds`."""
        if not self._closing:
            self._send(close_frame(code, reason))
            self._begin_closing(code)

    def abort(self) -> None:
        """Drop the line at once, without a close frame."""
        self._begin_closing(ABNORMAL)
        self._transport.abort()

    def shutdown(self) -> None:
        """uvicorn is going down and waits for this connection to be lost."""
        self.close(RESTARTING)

    def _write_blocked(self, frames: bytes) -> None:
        if self._closing:
            return
        unsent = self.unsent
        self._watch.note_unsent(unsent)
        if unsent > self._watch.bounds.hard:
            self._watch.stats.cuts["unsent"] += 1
            self.close(TOO_SLOW)
        else:
            self._queued += len(frames)
            self._send(frames)

    def _begin_closing(self, code: int) -> None:
        if not self._closing:
            self._closing = self._blocked = True
            self.write = _ignore
            self._code = code
            self._watch.end(self)

    # What the watch asks

    @property
    def unsent(self) -> int:
        """Bytes."""
        return self._transport.get_write_buffer_size()

    def drained(self) -> int:
        """Bytes that the peer has taken since the pause began."""
        return self._queued - self.unsent

    def ping(self) -> None:
        """Ping the peer, or drop it if nothing came since the last ping. Who is paused is judged by its draining."""
        if self._blocked:
            return
        if not self._heard:
            self._watch.stats.cuts["silent"] += 1
            self.abort()
            return
        self._heard = False
        self._send(PING_FRAME)

    # What the transport tells

    def pause_writing(self) -> None:
        self.paused = self._blocked = True
        self._queued = self.unsent
        self._watch.note_unsent(self._queued)
        if not self._closing:
            self.write = self._write_blocked
        self._watch.pause(self)

    def resume_writing(self) -> None:
        self.paused = False
        self._blocked = self._closing
        if not self._closing:
            self.write = self._send
        self._heard = True  # it took everything: that is life, too
        self._watch.resume(self)

    def data_received(self, data: bytes) -> None:
        self._heard = True
        if self._reader is None:
            return
        pong = None
        try:
            for opcode, payload in self._reader.feed(data):
                if opcode < CLOSE:
                    if not self._closing:
                        self._receiver.received(payload, opcode == TEXT)
                elif opcode == PING:
                    pong = payload
                elif opcode == CLOSE:
                    self._close_received(payload)
                    return
        except Violation as violation:
            self._fail(violation)
            return
        # For the last ping of many (5.5.3), so that a flood of them does not make one of pongs.
        if pong is not None:
            self.write_ephemeral(control_frame(PONG, pong))

    def _close_received(self, payload: bytes) -> None:
        code = close_code(payload)
        self._reader = None
        if not self._closing:
            self._send(control_frame(CLOSE, payload))
            self._begin_closing(code)
        self._transport.close()

    def _fail(self, violation: Violation) -> None:
        self._reader = None
        self.close(violation.code, violation.reason)
        # Not closed at once: with bytes unread the kernel would reset the line and lose our close frame on its way.
        if self._transport.can_write_eof():
            self._transport.write_eof()

    def eof_received(self) -> None:
        self._begin_closing(ABNORMAL)  # the transport now closes, and what is unsent could keep it for ever

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = self._blocked = True
        self.write = _ignore
        self._connections.discard(self)
        self._watch.remove(self)
        self._receiver.closed(self._code)


class Handshake(WebSocketsSansIOProtocol):
    """uvicorn's protocol up to the accept, or to the refusal, which stays all its own. See `websocket_protocol`."""

    watch: Watch

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.logger = self.conn.logger = log
        self.conn.available_extensions = None  # permessage-deflate: our reader knows no extension
        self.close_timeout = self.watch.bounds.close_seconds
        self.successor: Connection | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.http: Any = cast(asyncio.Transport, transport).get_protocol()  # still uvicorn's one for HTTP
        self.watch.open += 1

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.watch.open -= 1

    def data_received(self, data: bytes) -> None:
        if self.watch.open > self.watch.bounds.max_connections and not self.handshake_initiated:
            self.watch.stats.crowded_out += 1
            self.transport.write(FULL)
            self.transport.close()
        else:
            super().data_received(data)

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == HTTPStatus.SWITCHING_PROTOCOLS:
            self.transport.pause_reading()  # what comes before the endpoint has taken over waits in the kernel
            cast(dict[str, Any], self.scope["extensions"])[EXTENSION] = Connection(self)

    def start_keepalive(self) -> None:
        """Not uvicorn's timers, one and more for each connection: `Watch` pings."""

    def hand_over(self, successor: "Connection") -> None:
        self.transport.set_protocol(successor)
        connections = cast(set[asyncio.Protocol], self.connections)
        connections.discard(self)
        connections.add(successor)
        self.successor = successor
        self.disconnected = True  # the endpoint can send no more
        # Each holds itself: without this, they would wait for the collector, with all that they hold besides.
        self.conn.parser.close()
        self.http.parser = None

    async def run_asgi(self) -> None:
        """As uvicorn's, but the connection outlives an endpoint that has handed it over."""
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("A WebSocket endpoint failed.")
            if self.successor is not None:
                self.successor.close(INTERNAL_ERROR)
        if self.successor is None:
            self.send_500_response()  # nothing, if the endpoint has answered
            if self.close_timer is None:
                self.transport.close()

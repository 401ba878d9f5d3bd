"""A WebSocket to a room, as lean as it can be, for hundreds of them share a process (RFC 6455)."""

import asyncio
from collections.abc import Callable
from typing import Final, cast

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
LOST: Final = 1006  # the line ended without a close frame
REQUEST: Final = (
    "GET /rooms/{room}/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: openchair.v1.msgpack\r\n\r\n"
)
NO_MASK: Final = b"\0\0\0\0"  # a mask that changes nothing


class Line(asyncio.Protocol):
    """One connection. `opened` and `heard` are told as it comes, `ended` exactly once, with the close code."""

    def __init__(
        self, room: str, opened: Callable[[], None], heard: Callable[[bytes], None], ended: Callable[[int], None]
    ) -> None:
        self._room = room
        self._opened, self._heard, self._ended = opened, heard, ended
        self._transport: asyncio.Transport | None = None
        self._unread = b""
        self._is_open = False
        self._code = LOST

    def send(self, payload: bytes) -> None:
        self._send_frame(BINARY, payload)

    def drop(self) -> None:
        """End the line without a word, as a phone does in a tunnel."""
        if self._transport is not None:
            self._transport.abort()

    def _send_frame(self, opcode: int, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        size = len(payload)
        head = bytes((0x80 | opcode, 0x80 | size)) if size < 126 else bytes((0x80 | opcode, 0xFE)) + size.to_bytes(2)
        self._transport.write(head + NO_MASK + payload)

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(REQUEST.format(room=self._room).encode())

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_open:
            head, found, rest = self._unread.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self.drop()
                return
            self._unread, self._is_open = rest, True
            self._opened()
        while (size := self._frame_size()) is not None and len(self._unread) >= sum(size):
            head_size, payload_size = size
            opcode, payload = self._unread[0] & 0x0F, self._unread[head_size : head_size + payload_size]
            self._unread = self._unread[head_size + payload_size :]
            self._take(opcode, payload)

    def _frame_size(self) -> tuple[int, int] | None:
        """The size of the next frame's head and of its payload; None while that is not known."""
        unread = self._unread
        if len(unread) < 2:
            return None
        assert unread[0] & 0x80, "the server does not fragment"
        short = unread[1]
        head = 2 if short < 126 else 4 if short == 126 else 10
        if len(unread) < head:
            return None
        return head, short if short < 126 else int.from_bytes(unread[2:head])

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == BINARY:
            self._heard(payload)
        elif opcode == PING:
            self._send_frame(PONG, payload)
        elif opcode == CLOSE:
            self._code = int.from_bytes(payload[:2])
            self._send_frame(CLOSE, payload[:2])

    def connection_lost(self, error: Exception | None) -> None:
        self._ended(self._code)

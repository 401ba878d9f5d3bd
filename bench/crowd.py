"""Many people in one room who say much and listen to nothing: sockets that are read and not looked at."""

import asyncio
import base64
import json
import os
import struct
from itertools import count
from typing import Any

from bench.processes import BenchError

HANDSHAKE = (
    "GET /rooms/{room}/socket HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: openchair.v1.json\r\n\r\n"
)
JOIN_SECONDS = 30


class Person(asyncio.Protocol):
    """One connection. What comes is counted by nobody; only the welcome is waited for."""

    def __init__(self, hello: dict[str, Any]) -> None:
        self._hello: dict[str, Any] | None = {"t": "hello", **hello}
        self.is_in = asyncio.get_running_loop().create_future()
        self._head = b""
        self._numbers = count(1)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not self.is_in.done():
            self._head += data
            if self._hello and b"\r\n\r\n" in self._head:
                self.say(self._hello)
                self._hello = None
            if b'"welcome"' in self._head:
                self.is_in.set_result(None)
                self._head = b""

    def connection_lost(self, error: Exception | None) -> None:
        if not self.is_in.done():
            self.is_in.set_exception(BenchError(f"somebody of the crowd was not let in: {self._head[-200:]!r}"))

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    def say(self, message: dict[str, Any]) -> None:
        """One masked text frame (RFC 6455, 5.2); its mask is of zeros, which changes nothing."""
        text = json.dumps(message).encode()
        length = struct.pack("!B", 0x80 | len(text)) if len(text) < 126 else struct.pack("!BH", 0xFE, len(text))
        self.write(b"\x81" + length + bytes(4) + text)

    def asks(self, t: str, **fields: Any) -> None:
        self.say({"t": t, "id": next(self._numbers), **fields})


async def person(port: int, room: str, name: str, **fields: Any) -> Person:
    """Somebody who is in the room."""
    _, somebody = await asyncio.get_running_loop().create_connection(
        lambda: Person({"name": name, **fields}), "127.0.0.1", port
    )
    key = base64.b64encode(os.urandom(16)).decode()
    somebody.write(HANDSHAKE.format(room=room, port=port, key=key).encode())
    await asyncio.wait_for(somebody.is_in, JOIN_SECONDS)
    return somebody


async def crowd(port: int, room: str, size: int) -> list[Person]:
    return [await person(port, room, f"Person {number}") for number in range(size)]

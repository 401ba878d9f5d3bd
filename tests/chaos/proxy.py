"""A TCP proxy before Redis that can be told to fail: to swallow, to cut, to delay, to lead elsewhere, to lose news.

It tells its clients apart by their processes, so that one worker can be cut off while the others are not.
"""

import asyncio
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 16


class Proxy:
    """`await start()` listens; `port` leads to `target`. All that is told to it holds for connections to come, too."""

    def __init__(self, target: int, processes: Callable[[], Iterable[int]] = lambda: ()) -> None:
        self.target = target
        self.processes = processes
        """Those that may be told apart."""
        self.port = 0
        self.delay = 0.0
        """Seconds that everything takes longer."""
        self._pipes: set[_Pipe] = set()
        self._holes: Callable[[int], bool] = lambda _: False
        self._no_hole = asyncio.Event()
        self._no_hole.set()
        self.lost = 0
        """How much news was lost."""
        self.losing: bytes | None = None
        """News with this in it is lost."""

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()
        self.heal()
        self.cut()
        while self._pipes:
            await asyncio.sleep(0)

    def swallow(self, of: Callable[[int], bool] = lambda _: True) -> None:
        """From now on nothing gets through for processes `of` that kind, and no connection ends."""
        self._holes = of
        self._no_hole.clear()

    def heal(self) -> None:
        """What was swallowed goes on its way, as after a cable is put back."""
        self._holes = lambda _: False
        self._no_hole.set()

    def cut(self, of: Callable[[int], bool] = lambda _: True) -> None:
        """Reset the connections of these processes."""
        for pipe in tuple(self._pipes):
            if of(pipe.process):
                pipe.abort()

    def lead_to(self, target: int) -> None:
        """Everybody is led there, who was led elsewhere is cut."""
        self.target = target
        self.cut()

    async def gate(self, process: int) -> None:
        """Wait while nothing gets through."""
        if self.delay:
            await asyncio.sleep(self.delay)
        while self._holes(process):
            await self._no_hole.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        process = process_of(writer.get_extra_info("peername")[1], self.port, self.processes())
        pipe = _Pipe(self, process, reader, writer)
        self._pipes.add(pipe)
        try:
            await pipe.run()
        finally:
            self._pipes.discard(pipe)


class _Pipe:
    """One connection, there and back."""

    def __init__(self, proxy: Proxy, process: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.process = process
        self._proxy = proxy
        self._reader, self._writer = reader, writer
        self._onward: asyncio.StreamWriter | None = None
        self._is_listening = False  # to channels

    async def run(self) -> None:
        await self._proxy.gate(self.process)
        try:
            reader, self._onward = await asyncio.open_connection("127.0.0.1", self._proxy.target)
        except OSError:
            self.abort()
            return
        await asyncio.gather(
            self._there(self._reader, self._onward), self._back(reader, self._writer), return_exceptions=True
        )
        self.abort()

    def abort(self) -> None:
        for writer in (self._writer, self._onward):
            if writer is not None:
                writer.transport.abort()

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(CHUNK):
            self._is_listening = self._is_listening or b"SUBSCRIBE" in data
            await self._proxy.gate(self.process)
            writer.write(data)
            await writer.drain()
        await self._proxy.gate(self.process)
        writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        unread = b""
        while data := await reader.read(CHUNK):
            await self._proxy.gate(self.process)
            if self._is_listening:
                replies, unread = split(unread + data)
                data = b"".join(reply for reply in replies if not self._is_lost(reply))
            writer.write(data)
            await writer.drain()
        writer.close()

    def _is_lost(self, reply: bytes) -> bool:
        is_lost = self._proxy.losing is not None and b"message" in reply[:30] and self._proxy.losing in reply
        self._proxy.lost += is_lost
        return is_lost


def split(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole replies of Redis' protocol that are there, and the rest."""
    replies, at = list[bytes](), 0
    while (end := _end(data, at)) is not None:
        replies.append(data[at:end])
        at = end
    return replies, data[at:]


def _end(data: bytes, at: int) -> int | None:
    """Where the reply that begins there ends; None if it is not whole."""
    line = data.find(b"\r\n", at)
    if line < 0:
        return None
    kind, end = data[at : at + 1], line + 2
    if kind not in b"$!=*>~%|":
        return end
    size = int(data[at + 1 : line])
    if kind in b"$!=":
        end += size + 2 if size >= 0 else 0
        return end if end <= len(data) else None
    for _ in range(size * 2 if kind in b"%|" else size):
        inner = _end(data, end)
        if inner is None:
            return None
        end = inner
    return end


def process_of(port: int, to: int, processes: Iterable[int]) -> int:
    """Which of these has connected from that port of this machine; 0 if none of them has."""
    ends = f":{port:04X}", f":{to:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines():
        _, local, remote, *rest = line.split()
        if local.endswith(ends[0]) and remote.endswith(ends[1]):
            socket = f"socket:[{rest[6]}]"
            return next((process for process in processes if _holds(process, socket)), 0)
    return 0


def _holds(process: int, socket: str) -> bool:
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{process}/fd"):
            with suppress(OSError):
                if os.readlink(entry) == socket:
                    return True
    return False

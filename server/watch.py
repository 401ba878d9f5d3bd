"""What a connection may hold, and the one timer that pings all of them and ends those that do not move."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from server.stats import Stats

if TYPE_CHECKING:
    from server.transport import Connection

TOO_SLOW: Final = 4008
TICK_SECONDS: Final = 0.5
MINUTE: Final = 60.0


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a connection may hold and how long it may be silent, in bytes and seconds."""

    max_message: int = 16 * 1024  # of the client's; beyond it 1009
    max_connections: int = 10_000  # of this worker; beyond it an upgrade is answered with HTTP 503
    send_buffer: int = 64 * 1024  # SO_SNDBUF; without it the kernel takes 4 MB before it says that nobody reads
    soft: int = 256 * 1024  # unsent: ephemeral frames are skipped
    hard: int = 1024 * 1024  # unsent: too slow, 4008
    stall_seconds: float = 10  # nothing of what is unsent moved: too slow, 4008
    ping_seconds: float = 20  # between pings; who is not heard of until the next one is gone
    close_seconds: float = 5  # for the peer to take and answer our close frame


class Watch:
    """All connections of a server, and the one timer that pings them and ends those that do not move."""

    def __init__(self, bounds: Bounds, stats: Stats) -> None:
        self.bounds = bounds
        self.stats = stats
        self.open = 0  # handshakes and connections
        self._tick_seconds = min(TICK_SECONDS, min(bounds.ping_seconds, bounds.stall_seconds, bounds.close_seconds) / 4)
        # Pinged in turn, a lane a tick: all at once would hold up everything else.
        self._lanes: list[set[Connection]] = [set() for _ in range(round(bounds.ping_seconds / self._tick_seconds))]
        self._turn = 0
        self._time = 0.0  # seconds; stands still while the process does, so that waking up late cuts nobody
        self._paused: dict[Connection, tuple[int, float]] = {}  # what it had drained, and since when it has not moved
        self._ending: dict[Connection, float] = {}  # when its time to close is over
        self._most_unsent, self._most_before, self._minute = 0, 0, 0.0  # in this minute, and in the one before
        self._timer: asyncio.TimerHandle | None = None

    @property
    def unsent(self) -> list[int]:
        """Bytes unsent, of each connection that has any."""
        return [connection.unsent for connection in self._paused]

    @property
    def most_unsent(self) -> int:
        """The most bytes that one connection had unsent, within the last minute or two."""
        return max(self._most_unsent, self._most_before)

    def note_unsent(self, size: int) -> None:
        self._most_unsent = max(self._most_unsent, size)

    def add(self, connection: Connection) -> None:
        connection.lane = self._lanes[self._turn]  # just passed: the first ping comes after a whole round
        connection.lane.add(connection)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._tick_seconds, self._tick)

    def remove(self, connection: Connection) -> None:
        self.open -= 1
        connection.lane.discard(connection)
        self._paused.pop(connection, None)
        self._ending.pop(connection, None)

    def pause(self, connection: Connection) -> None:
        if connection not in self._ending:
            self._paused[connection] = 0, self._time

    def resume(self, connection: Connection) -> None:
        self._paused.pop(connection, None)

    def end(self, connection: Connection) -> None:
        self._paused.pop(connection, None)
        self._ending[connection] = self._time + self.bounds.close_seconds

    def _tick(self) -> None:
        self._timer = None
        if self.open:
            self._timer = asyncio.get_running_loop().call_later(self._tick_seconds, self._tick)
        self._time += self._tick_seconds
        if self._time - self._minute >= MINUTE or not self.open:
            self._most_before, self._most_unsent = self._most_unsent if self.open else 0, 0
            self._minute = self._time
        for connection, deadline in tuple(self._ending.items()):
            if self._time >= deadline:
                connection.abort()
        for connection, (before, since) in tuple(self._paused.items()):
            drained = connection.drained()
            if drained != before:
                self._paused[connection] = drained, self._time
            elif self._time - since >= self.bounds.stall_seconds:
                self.stats.cuts["stalled"] += 1
                connection.close(TOO_SLOW)
        self._turn = (self._turn + 1) % len(self._lanes)
        for connection in tuple(self._lanes[self._turn]):
            connection.ping()

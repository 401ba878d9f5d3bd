"""A simulated network: bytes in order, late, held up, or not at all."""

import asyncio
from collections import deque
from collections.abc import Callable
from random import Random
from typing import Any, Final, Protocol

from tests.simulation.loop import Process, Time

KERNEL: Final = 2048  # bytes on their way that the sender does not have to hold
AFTER: Final = 1e-6  # seconds between what arrives in order: of timers for the same moment either may be first


class Far(Protocol):
    """The other end of a line, outside of the process."""

    def received(self, data: bytes) -> None: ...

    def lost(self) -> None:
        """The line has ended, and this end knows."""


class FakeSocket:
    """What our code tells a socket."""

    family = 2

    def setsockopt(self, *_: Any) -> None: ...

    def fileno(self) -> int:
        return -1


class Line(asyncio.Transport):
    """A line between a process, whose transport this is, and something far."""

    def __init__(self, time: Time, rng: Random, process: Process, protocol: asyncio.Protocol, latency: float) -> None:
        super().__init__()
        self.process = process
        self.far: Far
        self.is_reading_far = True  # does the far end read
        self.is_cut = False
        self.is_silent = False  # a black hole: what is sent arrives nowhere, and nobody is told
        # Dice of its own: what is drawn must not hang on whose line is written to first, the order of a set.
        self._time, self._rng, self._latency = time, Random(rng.getrandbits(64)), latency
        self._protocol = protocol
        self._is_closing = False
        self._unsent: deque[bytes] = deque()
        self._unread: deque[bytes] = deque()  # what has arrived at a far end that does not read
        self._in_flight = 0
        self._is_paused = False
        self._held: deque[bytes] | None = None  # what came while the process does not read
        self._arrives_far = self._arrives_near = 0.0

    # What the process does

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"socket": FakeSocket(), "peername": ("10.0.0.1", 1)}.get(name, default)

    def is_closing(self) -> bool:
        return self._is_closing

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def get_write_buffer_size(self) -> int:
        return sum(map(len, self._unsent))

    def write(self, data: Any) -> None:
        if not self.is_cut and data:
            self._unsent.append(bytes(data))
            self._flush()
            if self._unsent and not self._is_paused:
                self._is_paused = True
                self._protocol.pause_writing()

    def writelines(self, list_of_data: Any) -> None:
        self.write(b"".join(list_of_data))

    def can_write_eof(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return self._held is None

    def pause_reading(self) -> None:
        if self._held is None:
            self._held = deque()

    def resume_reading(self) -> None:
        held, self._held = self._held, None
        for data in held or ():
            self.process.call_soon(self._receive, data)

    def close(self) -> None:
        if not self._is_closing:
            self._is_closing = True
            if not self._unsent:
                self._end(None)

    def abort(self) -> None:
        self._is_closing = True
        self._end(None)

    def _end(self, error: Exception | None) -> None:
        if not self.is_cut:
            self.is_cut = True
            self._unsent.clear()
            self.process.call_soon(self._protocol.connection_lost, error)
            if not self.is_silent:
                self._to_far(self.far.lost)

    def _flush(self) -> None:
        while self._unsent and (self.is_reading_far or self._in_flight < KERNEL):
            data = self._unsent.popleft()
            self._in_flight += len(data)
            if not self.is_silent:
                self._to_far(lambda data=data: self._arrive(data))  # type: ignore[misc]

    def _to_far(self, action: Callable[[], object]) -> None:
        self._arrives_far = max(self._arrives_far + AFTER, self._time.now + self._delay())
        self._time.after(self._arrives_far - self._time.now, action)

    def _arrive(self, data: bytes) -> None:
        if self.is_reading_far:
            self._in_flight -= len(data)
            self.far.received(data)
        else:
            self._unread.append(data)

    def _delay(self) -> float:
        return self._latency * (0.5 + self._rng.expovariate(1.0))

    def far_ends(self) -> None:
        """The process is dead, and its kernel says so to the far end."""
        if not self.is_cut and not self.is_silent:
            self.is_cut = True
            self._to_far(self.far.lost)

    # What the far end does

    def send(self, data: bytes, late: float = 0.0) -> None:
        """Send to the process, in order; or `late`, past what is sent in between."""
        if self.is_cut or self.is_silent:
            return
        if late:
            self._at(self._time.now + late + self._delay(), self._receive, data)
        else:
            self._arrives_near = max(self._arrives_near + AFTER, self._time.now + self._delay())
            self._at(self._arrives_near, self._receive, data)

    def hang_up(self) -> None:
        """End the line; the process hears of it when all before has arrived."""
        if not self.is_silent:
            self._arrives_near = max(self._arrives_near + AFTER, self._time.now + self._delay())
            self._at(self._arrives_near, self._hung_up)

    def read_again(self) -> None:
        """The far end had stopped reading."""
        self.is_reading_far = True
        while self._unread:
            self._arrive(self._unread.popleft())
        self.process.soon(self._drain)

    def _at(self, when: float, callback: Callable[..., object], *args: Any) -> None:
        self._time.put(when, self.process, asyncio.TimerHandle(when, callback, args, self.process))

    def _receive(self, data: bytes) -> None:
        if self.is_cut:
            return
        if self._held is not None:
            self._held.append(data)
        else:
            self._protocol.data_received(data)

    def _hung_up(self) -> None:
        if not self.is_cut:
            self._protocol.eof_received()
            self._is_closing = True
            self._end(None)

    def _drain(self) -> None:
        if self.is_cut:
            return
        self._flush()
        if not self._unsent:
            if self._is_paused:
                self._is_paused = False
                self._protocol.resume_writing()
            if self._is_closing:
                self._end(None)

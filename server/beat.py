"""What a worker with Redis does every two seconds: renew its lease, take the time, look for what it missed."""

import asyncio
from contextlib import suppress
from typing import Final

from server.clock import SteadyClock
from server.house import House
from server.log import Unavailable
from server.pipe import PATIENCE
from server.redis import RedisLine
from server.workers import RedisWorkers

SECONDS: Final = 2.0
DELIVERED_WITHIN: Final = 8.0  # seconds since what this worker published last came back to it
SILENT_SECONDS: Final = 3.0  # since what was published did not come back: the line that should bring it is replaced


class Beat:
    def __init__(self, line: RedisLine, workers: RedisWorkers, house: House, clock: SteadyClock) -> None:
        self._line, self._workers, self._house, self._clock = line, workers, house, clock
        self._delivered_at = 0.0
        self._published_at = 0.0  # the first since then
        self._delivered = asyncio.Event()

    @property
    def delivers(self) -> bool:
        """Whether what is published comes back; an open connection proves nothing."""
        return self.probe_age < DELIVERED_WITHIN

    @property
    def probe_age(self) -> float:
        """Seconds since what was published last came back."""
        return asyncio.get_running_loop().time() - self._delivered_at

    async def begin(self) -> None:
        """Wait until what is published comes back."""
        while not self._delivered.is_set():
            with suppress(Unavailable, TimeoutError):
                await self._line.subscribe(self._probe, self._probe_came_back)
                await self._once()
                async with asyncio.timeout(PATIENCE):
                    await self._delivered.wait()

    async def live(self) -> None:
        """Until cancelled; the lease is given up then."""
        is_in_doubt = False
        try:
            while True:
                is_in_doubt = is_in_doubt or self._line.doubt.is_set()
                self._house.stats.doubts += self._line.doubt.is_set()
                self._line.doubt.clear()
                with suppress(Unavailable):
                    await self._once()
                    if is_in_doubt:
                        await self._workers.hold_again(self._house.connected)
                        is_in_doubt = False
                with suppress(TimeoutError):
                    async with asyncio.timeout(SECONDS):
                        await self._line.doubt.wait()
        finally:
            with suppress(Unavailable):
                await self._workers.say_good_bye()

    async def _once(self) -> None:
        loop = asyncio.get_running_loop()
        asked = loop.time()
        seconds, microseconds = await self._line.call("TIME")
        took = loop.time() - asked
        self._clock.set(int(seconds) * 1000 + int(microseconds) / 1000 + took * 500)
        self._house.stats.round_trip.observe(took)
        if self._published_at <= self._delivered_at:
            self._published_at = asked
        elif asked - self._published_at > SILENT_SECONDS:  # not since it was delivered: beats may be far apart
            self._line.listen_anew()
            self._published_at = asked
        await self._line.call("SPUBLISH", self._probe, b"")
        if await self._workers.beat():
            self._house.look_for_the_lost()
        await self._house.compare()

    @property
    def _probe(self) -> bytes:
        return f"openchair:probe:{self._line.worker}".encode()

    def _probe_came_back(self, data: bytes) -> None:
        self._delivered.set()
        self._delivered_at = asyncio.get_running_loop().time()

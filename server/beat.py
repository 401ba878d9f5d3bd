"""What a worker with Redis does every two seconds: renew its lease, take the time, look for what it missed."""

import asyncio
from contextlib import suppress
from functools import partial
from typing import Final

from server.clock import SteadyClock
from server.house import House
from server.log import Unavailable
from server.redis import PATIENCE, RedisLine
from server.workers import RedisWorkers

SECONDS: Final = 2.0
DELIVERED_WITHIN: Final = 8.0  # seconds since what this worker published last came back to it
AGAIN_SECONDS: Final = 0.25  # between attempts to beat for the first time
SILENT_SECONDS: Final = 3.0  # since what was published did not come back: the line that should bring it is replaced


class Beat:
    def __init__(self, line: RedisLine, workers: RedisWorkers, house: House, clock: SteadyClock) -> None:
        self._line, self._workers, self._house, self._clock = line, workers, house, clock
        self._delivered_at: dict[bytes, float] = {}  # by channel: when what was published there last came back
        self._published_at: dict[bytes, float] = {}  # and the first publication since then
        self._delivered = asyncio.Event()

    @property
    def probe_age(self) -> float:
        """Seconds since what this worker published came back to it; of several servers from the one that is worst."""
        return asyncio.get_running_loop().time() - min(self._delivered_at.values(), default=0.0)

    @property
    def delivers(self) -> bool:
        """Whether what is published comes back; an open connection proves nothing."""
        return self.probe_age < DELIVERED_WITHIN

    async def begin(self) -> None:
        """Wait until what is published comes back."""
        while not self._delivered.is_set():
            try:
                await self._once()
            except Unavailable:
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                with suppress(TimeoutError):
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
                    await self._house.tell_of_open(again=is_in_doubt)
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
        await self._probe()
        if await self._workers.beat():
            self._house.look_for_the_lost()
        await self._house.compare()

    async def _probe(self) -> None:
        """Publish something on each server, and listen anew where the last did not come back."""
        now, probes = asyncio.get_running_loop().time(), self._line.probes()
        for channel in self._delivered_at.keys() - probes:
            del self._delivered_at[channel], self._published_at[channel]
            await self._line.unsubscribe(channel)
        for channel in probes:
            if channel not in self._delivered_at:
                await self._line.subscribe(channel, partial(self._came_back, channel))
                self._delivered_at[channel] = self._published_at[channel] = now - DELIVERED_WITHIN
            if self._published_at[channel] <= self._delivered_at[channel]:
                self._published_at[channel] = now
            elif now - self._published_at[channel] > SILENT_SECONDS:  # not since its delivery: beats may be far apart
                self._line.listen_anew(channel)
                self._published_at[channel] = now
        await self._line.call_all([("SPUBLISH", channel, b"") for channel in probes])

    def _came_back(self, channel: bytes, data: bytes) -> None:
        self._delivered_at[channel] = asyncio.get_running_loop().time()
        if self.delivers:
            self._delivered.set()

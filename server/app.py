"""The composition root: what belongs together is put together here, and nowhere else."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from config.settings import Settings
from server.beat import Beat
from server.clock import SteadyClock
from server.house import House
from server.log import Log
from server.log.memory import MemoryLog
from server.log.redis import RedisLog
from server.pages.headers import MIDDLEWARE
from server.pages.views import Pages
from server.redis import RedisLine
from server.schedule.api import Api
from server.schedule.exports import Exports
from server.schedule.making import Creations
from server.schedule.meetings import Schedule
from server.scrape import Scrape
from server.seats import Seats, signing_secret
from server.serving import BACKLOG, Server
from server.socket import connect
from server.stats import Gauges, Metrics
from server.transport import Bounds, websocket_protocol
from server.workers import Alone, RedisWorkers, Workers

LAG_SECONDS = 1.0  # between two looks at how late the loop is
STOP_SECONDS = 10  # until requests that are still under way are cut off
TOO_LATE_SECONDS = 2.0  # a loop that was so late just now is not ready


class App:
    """One server: its parts, its ASGI application, and the class of its connections.

    One of several workers has a number, by which it is known in their metrics, and the folder in which they meet.
    """

    def __init__(
        self, settings: Settings, clock: SteadyClock | None = None, worker: int = 0, meet: Path | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock or SteadyClock()
        self.metrics = Metrics(self._gauges, worker)
        self._scrape = Scrape(self.metrics, meet)
        self.protocol = websocket_protocol(
            Bounds(
                max_message=settings.message_bytes,
                max_connections=settings.connections,
                soft=settings.slow_bytes,
                hard=settings.cut_bytes,
                stall_seconds=settings.stall_seconds,
                ping_seconds=settings.ping_seconds,
            ),
            self.metrics.stats,
        )
        self.schedule = Schedule(settings.database_url, self.clock)
        secret = settings.secret or signing_secret(Path(settings.data))
        seats = Seats(secret)
        log: Log = MemoryLog()
        workers: Workers = Alone()
        self._line = RedisLine(settings.redis) if settings.redis else None
        if self._line is not None:
            log, workers = RedisLog(self._line), RedisWorkers(self._line, self.clock)
        self.house = House(settings, self.clock, log, seats, self.schedule, workers, self.metrics)
        self._beat = None
        if self._line is not None and isinstance(workers, RedisWorkers):
            self._beat = Beat(self._line, workers, self.house, self.clock)
        self._lag = 0.0
        self._is_ready = False
        creations = Creations(settings, self.clock)
        self._api = Api(self.schedule, settings, self.clock, creations)
        self._pages = Pages(
            self.schedule, settings, secret, self.clock, creations, tell_of_fault=self.metrics.tell_of_fault
        )
        self.asgi = Starlette(
            routes=self._routes(),
            lifespan=self._lifespan,
            middleware=MIDDLEWARE,
            exception_handlers=self._pages.handlers(),
        )

    def _routes(self) -> list[BaseRoute]:
        return [
            WebSocketRoute("/rooms/{room}/socket", self._connect),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", self._metrics),
            *self._api.routes(),
            *Exports(self.schedule, self.settings).routes(),  # before the pages: a slug has no dot
            *self._pages.routes(),
        ]

    @asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        await self.schedule.open()
        # What is there at the start stays: the collector need not look at it again and again, and what rooms and
        # connections leave behind is found by counting references nearly always.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        async with self._line or nullcontext(), self._scrape, asyncio.TaskGroup() as tasks:
            owned = [
                tasks.create_task(self.house.live()),
                tasks.create_task(self._watch_the_loop()),
                tasks.create_task(self._pages.live()),
            ]
            if self._beat is not None:
                await self._beat.begin()
                owned.append(tasks.create_task(self._beat.live()))
            self._is_ready = True
            yield
            self._is_ready = False
            for task in owned:
                task.cancel()
        await self.schedule.close()

    async def _connect(self, websocket: WebSocket) -> None:
        await connect(websocket, self.house)

    async def _healthz(self, request: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def _readyz(self, request: Request) -> Response:
        ready = self._delivers_in_time
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    async def _metrics(self, request: Request) -> Response:
        return Response(await self._scrape.text(), media_type="text/plain; version=0.0.4")

    @property
    def _delivers_in_time(self) -> bool:
        delivers = self._beat is None or self._beat.delivers
        return self._is_ready and delivers and self._lag < TOO_LATE_SECONDS

    def _gauges(self) -> Gauges:
        watch = self.protocol.watch
        return Gauges(
            rooms=len(self.house),
            connections=watch.open,
            slow=len(watch.unsent),
            unsent=sum(watch.unsent),
            most_unsent=watch.most_unsent,
            probe_age=0 if self._beat is None else self._beat.probe_age,
            is_ready=self._delivers_in_time,
        )

    async def _watch_the_loop(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_SECONDS
            await asyncio.sleep(LAG_SECONDS)
            self._lag = max(0.0, loop.time() - due)
            self.metrics.stats.loop_lag.observe(self._lag)

    def server(self, lives: Callable[[], object] = lambda: None) -> Server:
        """The uvicorn server of this application, not started yet. Once a second it says that it `lives`."""
        settings = self.settings
        return Server(
            uvicorn.Config(
                self.asgi,
                host=settings.host,
                port=settings.port,
                http="httptools",
                ws=self.protocol,
                loop="uvloop",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                ws_per_message_deflate=False,
                backlog=BACKLOG,
                timeout_graceful_shutdown=STOP_SECONDS,
            ),
            settings.drain_seconds,
            lives,
        )

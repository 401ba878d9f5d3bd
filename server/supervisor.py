"""Several workers on one port: processes with sockets of their own, watched by this one, which serves nobody itself.

A worker that dies or whose loop hangs is replaced; SIGHUP replaces them all, one after the other, each only when its
successor serves; SIGTERM stops them all.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

import msgspec
import structlog

from config.settings import Settings
from server.app import App
from server.logs import set_up
from server.serving import listen

SILENT_SECONDS: Final = 10.0  # since a worker last said that it lives
START_SECONDS: Final = 30.0  # until it must have said so for the first time
STOP_SECONDS: Final = 20.0  # to stop, beside `drain_seconds`
FIRST_PAUSE: Final = 0.25  # seconds before a worker that died is replaced; it doubles
LONGEST_PAUSE: Final = 8.0
SOUND_SECONDS: Final = 30.0  # a worker that lived for so long was sound

USUAL: Final = Settings()
STANDARD_OUTPUT: Final = 1

log = structlog.get_logger("openchair")


class Process:
    """One worker."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.serves = asyncio.Event()
        self.ended = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, settings: Settings) -> "Process":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from server.supervisor import work; work()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert process.stdin is not None  # noqa: S101 - of asyncio's types
        given = {field.name: getattr(settings, field.name) for field in msgspec.structs.fields(settings)}
        unusual = {name: value for name, value in given.items() if value != getattr(USUAL, name)}
        process.stdin.write(msgspec.json.encode(unusual))  # by a pipe, for there are secrets among them
        process.stdin.close()
        return cls(process)

    def terminate(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def _watch(self) -> int:
        """Until it has ended; killed if it falls silent."""
        assert self._process.stdout is not None  # noqa: S101
        patience = START_SECONDS
        with contextlib.suppress(TimeoutError):
            while await asyncio.wait_for(self._process.stdout.read(1), patience):
                self.serves.set()
                patience = SILENT_SECONDS
            return await self._process.wait()
        log.error("worker_hangs", pid=self._process.pid)
        self.kill()
        return await self._process.wait()


class Place:
    """Where one worker after the other stands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._is_due = asyncio.Event()
        self._is_renewed = asyncio.Event()
        self._process: Process | None = None

    async def keep(self) -> None:
        """See to it that a worker serves, until cancelled; then stop it."""
        pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
        try:
            while True:
                since = loop.time()
                self._process = await Process.start(self._settings)
                await self._until_it_ends()
                pause = FIRST_PAUSE if loop.time() - since > SOUND_SECONDS else min(2 * pause, LONGEST_PAUSE)
                await asyncio.sleep(pause)
        finally:
            await self._stop(self._process)

    async def renew(self) -> None:
        """Put a new worker in the place of the old one."""
        self._is_renewed.clear()
        self._is_due.set()
        await self._is_renewed.wait()

    async def _until_it_ends(self) -> None:
        while self._process is not None:
            due = asyncio.create_task(self._is_due.wait())
            await asyncio.wait([self._process.ended, due], return_when=asyncio.FIRST_COMPLETED)
            due.cancel()
            if not self._is_due.is_set():
                log.error("worker_ended", code=self._process.ended.result())
                return
            self._is_due.clear()
            before, self._process = self._process, await Process.start(self._settings)
            serves = asyncio.create_task(self._process.serves.wait())
            await asyncio.wait([serves, self._process.ended], return_when=asyncio.FIRST_COMPLETED)
            serves.cancel()
            await self._stop(before)
            self._is_renewed.set()

    async def _stop(self, process: Process | None) -> None:
        if process is not None:
            process.terminate()
            done, _ = await asyncio.wait([process.ended], timeout=self._settings.drain_seconds + STOP_SECONDS)
            if not done:
                process.kill()
                await process.ended


async def supervise(settings: Settings) -> None:
    """Keep `settings.workers` workers until SIGTERM or SIGINT. Raises `OSError` if nobody can listen there."""
    with listen(settings.host, settings.port, shared=True) as first:  # so that port 0 is the same port for all
        settings = msgspec.structs.replace(settings, port=first.getsockname()[1])
        stop, renew, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        loop.add_signal_handler(signal.SIGHUP, renew.set)
        places = [Place(settings) for _ in range(settings.workers)]
        keeping = [asyncio.create_task(place.keep()) for place in places]
        renewing = asyncio.create_task(_renew(places, renew))
        await stop.wait()
        renewing.cancel()
        for task in keeping:
            task.cancel()
        await asyncio.wait(keeping)


async def _renew(places: list[Place], renew: asyncio.Event) -> Awaitable[None]:
    while True:
        await renew.wait()
        renew.clear()
        for place in places:
            await place.renew()
        log.info("workers_renewed")


def work() -> None:
    """A worker's whole life: the settings come by standard input, the signs of life go by standard output."""
    settings = msgspec.json.decode(sys.stdin.buffer.read(), type=Settings)
    set_up(settings.log_format)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C goes to all; the supervisor says when to stop
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening: socket.socket = listen(settings.host, settings.port, shared=True)
    server = App(settings).server(lives=lambda: os.write(STANDARD_OUTPUT, b"."))
    server.run([listening])
    if not server.started:
        sys.exit(1)

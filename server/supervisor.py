"""Several workers on one port: processes with sockets of their own, watched by this one, which serves nobody itself.

A worker that dies or whose loop hangs is replaced; SIGHUP replaces them all, one after the other, once their successors
serve; SIGTERM stops them all. Workers whose supervisor has died stop by themselves.
"""

import asyncio
import contextlib
import errno
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from config.settings import Settings
from server.app import App
from server.logs import set_up
from server.serving import claim, listen

SILENT_SECONDS: Final = 10.0  # since a worker last said that it lives
START_SECONDS: Final = 120.0  # until it must have said so for the first time: a busy machine, a Redis that is away
STOP_SECONDS: Final = 20.0  # to stop, beside `drain_seconds`
FIRST_PAUSE: Final = 1.0  # seconds before a worker that died is replaced, for its people come back first; it doubles
LONGEST_PAUSE: Final = 8.0
LEAVING_SECONDS: Final = 10.0  # that the workers of a supervisor that was killed have to leave the port
AGAIN_SECONDS: Final = 0.25  # until it is looked again whether they have
SOUND_SECONDS: Final = 30.0  # a worker that lived for so long was sound

USUAL: Final = Settings()
STANDARD_INPUT, STANDARD_OUTPUT = 0, 1

log = structlog.get_logger("openchair")


class Charge(Struct):
    """What a worker is told at its start."""

    worker: int
    """Its number; of living workers none has the same."""
    meet: str
    """The folder in which the workers meet."""
    settings: Settings


class Process:
    """One worker."""

    def __init__(self, process: asyncio.subprocess.Process, charge: Charge) -> None:
        self._process = process
        self._met = Path(charge.meet) / str(charge.worker)
        self.serves = asyncio.Event()
        self.ended = asyncio.create_task(self._watch())

    @classmethod
    async def start(cls, charge: Charge) -> "Process":
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            "from server.supervisor import work; work()",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=Path.cwd(),
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        given = msgspec.structs.asdict(charge.settings)
        unusual = {name: value for name, value in given.items() if value != getattr(USUAL, name)}
        told = {"worker": charge.worker, "meet": charge.meet, "settings": unusual}
        worker = cls(process, charge)
        worker._tell(msgspec.json.encode(told))  # by a pipe, for there are secrets among them
        return worker

    def take_nobody_new(self) -> None:
        """Stop listening. Who is connected stays."""
        self._tell(b"")

    async def stop(self, seconds: float) -> None:
        """As on SIGTERM; by force if that takes longer."""
        self._signal(signal.SIGTERM)
        done, _ = await asyncio.wait([self.ended], timeout=seconds)
        if not done:
            self._signal(signal.SIGKILL)
            await self.ended

    def _tell(self, line: bytes) -> None:
        assert self._process.stdin is not None  # noqa: S101 - of asyncio's types
        self._process.stdin.write(line + b"\n")

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)

    async def _watch(self) -> int:
        """Until it has ended."""
        try:
            return await self._until_it_ends()
        finally:
            self._met.unlink(missing_ok=True)  # so that nobody asks it any more

    async def _until_it_ends(self) -> int:
        """Its exit code; killed if it falls silent."""
        assert self._process.stdout is not None  # noqa: S101
        patience = START_SECONDS
        with contextlib.suppress(TimeoutError):
            while await asyncio.wait_for(self._process.stdout.read(1), patience):
                self.serves.set()
                patience = SILENT_SECONDS
            return await self._process.wait()
        log.error("worker_hangs", pid=self._process.pid)
        self._signal(signal.SIGKILL)
        return await self._process.wait()


class Place:
    """Where one worker after the other stands, under one of two numbers, for there are two of them at a renewal."""

    def __init__(self, settings: Settings, numbers: list[int], meet: str) -> None:
        self._settings = settings
        self._numbers = numbers  # that are free
        self._meet = meet
        self._worker: Process | None = None
        self._successor: Process | None = None
        self._leaving: Process | None = None

    async def keep(self) -> None:
        """See to it that a worker serves, until cancelled; then stop whoever is here."""
        pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
        try:
            while True:
                since = loop.time()
                self._worker = await self._start()
                await self._until_it_dies()
                pause = FIRST_PAUSE if loop.time() - since > SOUND_SECONDS else min(2 * pause, LONGEST_PAUSE)
                await asyncio.sleep(pause)
        finally:
            await asyncio.gather(*(self._stop(it) for it in (self._worker, self._successor, self._leaving)))

    async def _start(self) -> Process:
        number = self._numbers.pop()
        process = await Process.start(Charge(number, self._meet, self._settings))
        process.ended.add_done_callback(lambda _: self._numbers.append(number))
        return process

    async def _until_it_dies(self) -> None:
        while (worker := self._worker) is not None:
            await asyncio.wait([worker.ended])
            if worker is self._worker:  # else it was renewed
                log.error("worker_ended", code=worker.ended.result())
                return

    async def prepare(self) -> bool:
        """Start a successor beside the worker; whether it serves."""
        self._successor = successor = await self._start()
        serves = asyncio.create_task(successor.serves.wait())
        await asyncio.wait([serves, successor.ended], return_when=asyncio.FIRST_COMPLETED)
        serves.cancel()
        return successor.serves.is_set() and not successor.ended.done()

    async def give_up(self) -> None:
        """The worker stays, and its successor goes."""
        successor, self._successor = self._successor, None
        await self._stop(successor)

    def take_nobody_new(self) -> None:
        if self._worker is not None:
            self._worker.take_nobody_new()

    async def change(self) -> None:
        """The successor is the worker from now on. The one before sends its people away, and stops."""
        self._leaving, self._worker, self._successor = self._worker, self._successor, None
        await self._stop(self._leaving)
        self._leaving = None

    async def _stop(self, process: Process | None) -> None:
        if process is not None:
            await process.stop(self._settings.drain_seconds + STOP_SECONDS)


async def supervise(settings: Settings) -> None:
    """Keep `settings.workers` workers until SIGTERM or SIGINT. Raises `OSError` if nobody can listen there."""
    with (
        await _claim(settings) as claimed,  # so that port 0 is the same port for all, too
        tempfile.TemporaryDirectory(prefix="openchair-") as meet,
    ):
        settings = msgspec.structs.replace(settings, port=claimed.getsockname()[1])
        stop, renew, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        loop.add_signal_handler(signal.SIGINT, stop.set)
        loop.add_signal_handler(signal.SIGHUP, renew.set)
        count = settings.workers
        places = [Place(settings, [number + count, number], meet) for number in range(count)]
        keeping = [asyncio.create_task(place.keep()) for place in places]
        renewing = asyncio.create_task(_renew(places, renew))
        await stop.wait()
        renewing.cancel()
        for task in keeping:
            task.cancel()
        await asyncio.wait(keeping)


async def _claim(settings: Settings) -> socket.socket:
    """The port, for these workers alone. Raises `OSError`."""
    loop, is_told = asyncio.get_running_loop(), False
    until = loop.time() + LEAVING_SECONDS
    while True:
        try:
            return claim(settings.host, settings.port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if not is_told:
                log.warning("port_taken", port=settings.port, seconds=LEAVING_SECONDS)
                is_told = True
            if loop.time() > until:
                raise
        await asyncio.sleep(AGAIN_SECONDS)


async def _renew(places: list[Place], renew: asyncio.Event) -> None:
    """Renew all workers whenever it is asked for.

    All successors serve before anybody is sent away, and those who leave take nobody new: so each client moves once,
    and they are spread over all successors alike. If one does not start, all stays as it was.
    """
    while True:
        await renew.wait()
        renew.clear()
        for place in places:
            if not await place.prepare():
                await asyncio.gather(*(place.give_up() for place in places))
                log.error("workers_not_renewed")
                break
        else:
            for place in places:
                place.take_nobody_new()
            for place in places:
                await place.change()
            log.info("workers_renewed")


def work() -> None:
    """A worker's whole life: its charge and orders come by standard input, the signs of life go by standard output."""
    with open(STANDARD_INPUT, "rb", buffering=0, closefd=False) as orders:
        charge = msgspec.json.decode(orders.readline(), type=Charge)
    settings = charge.settings
    set_up(settings.log_format)
    for of_the_terminal in (signal.SIGINT, signal.SIGHUP):  # they go to all; the supervisor says when to stop
        signal.signal(of_the_terminal, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    listening: socket.socket = listen(settings.host, settings.port, shared=True)
    server = App(settings, worker=charge.worker, meet=Path(charge.meet)).server(lives=_say_so)
    server.orders = STANDARD_INPUT
    server.run([listening])
    if not server.started:
        sys.exit(1)


def _say_so() -> None:
    with contextlib.suppress(OSError):  # nobody listens any more; orders end, too
        os.write(STANDARD_OUTPUT, b".")

"""What the chaos is done to: `openchair serve` with several workers, a Redis with a replica, and proxies in between."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from tests.chaos.proxy import Proxy
from tests.valkey import Valkey, free_port

OPENCHAIR: Final = (sys.executable, "-c", "from server.cli import app; app()")
SECONDS: Final = 180.0  # for whatever has to happen
FORMAT: Final = {
    "phase": [{"kind": "round", "title": "Sharing", "minutes": 600, "share_seconds": 20, "warn_seconds": 5}],
    "answer_seconds": 10,
    "crosstalk": "chat",
    "direct_messages": "everyone",
    "history": "all",
}


class Redis:
    """A primary that is reached through `line`, and a replica that is told through `replication`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: list[Valkey] = []
        self.line = Proxy(0)
        self.replication = Proxy(0)

    @property
    def primary(self) -> Valkey:
        return self._servers[0]

    async def start(self) -> None:
        for n in range(2):
            (self._folder / str(n)).mkdir(parents=True, exist_ok=True)
            self._servers.append(await asyncio.to_thread(Valkey, self._folder / str(n), free_port()))
        for proxy in (self.line, self.replication):
            proxy.target = self.primary.port
            await proxy.start()
        await self.follow()

    async def stop(self) -> None:
        for server in self._servers:
            server.stop()
        for proxy in (self.line, self.replication):
            await proxy.stop()

    async def follow(self) -> None:
        """The replica has all that the primary has, and follows it. Neither leaves files to begin with anew."""
        for server in self._servers:
            await self.tell(server, "CONFIG", "SET", "repl-diskless-sync-delay", "0", "rdb-del-sync-files", "yes")
        await self.tell(self._servers[1], "REPLICAOF", "127.0.0.1", str(self.replication.port))
        async with asyncio.timeout(SECONDS):
            while (await self.tell(self._servers[1], "INFO", "replication")).get("master_link_status") != "up":
                await asyncio.sleep(0.02)

    async def start_anew(self) -> None:
        """The primary dies, and comes back empty."""
        self.primary.stop()
        await asyncio.to_thread(self.primary.start)
        known = await self.tell(self.primary, "INFO", "persistence")  # workers may have written rooms back already
        assert known["rdb_last_load_keys_loaded"] == 0, "it was to come back empty"

    async def fail_over(self) -> None:
        """The primary dies, and the replica is the primary."""
        self.primary.stop()
        await self.tell(self._servers[1], "REPLICAOF", "NO", "ONE")
        self._servers.reverse()
        self.line.lead_to(self.primary.port)

    async def mend(self) -> None:
        """There is a replica, which follows the primary."""
        self.replication.lead_to(self.primary.port)
        if not self._servers[1].is_running:
            await asyncio.to_thread(self._servers[1].start)
        await self.follow()

    @staticmethod
    async def tell(server: Valkey, *command: str) -> Any:
        def telling() -> Any:
            with server.client() as client:
                return client.execute_command(*command)

        return await asyncio.to_thread(telling)


class Site:
    """A running `openchair serve`; started again where it is killed."""

    def __init__(self, folder: Path, redis: str, workers: int, settings: dict[str, str]) -> None:
        self.workers_wanted = workers
        self.port = free_port()
        self.said = ""
        self._settings = settings
        self._log = (folder.parent / "site.log").open("wb")
        self._options = ("--data", str(folder), "--port", str(self.port), "--workers", str(workers), "--redis", redis)
        self._process: asyncio.subprocess.Process | None = None
        self._readings: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()

    async def start(self) -> None:
        env = {"PYTHONPATH": ":".join(sys.path), **self._settings}
        self._process = await asyncio.create_subprocess_exec(
            *OPENCHAIR, "serve", *self._options, stderr=asyncio.subprocess.PIPE, env=env
        )
        so_far = len(self.said)
        self._readings.append(asyncio.create_task(self._read(self._process)))
        await self.says("serving", self.workers_wanted, so_far)

    async def stop(self) -> int:
        assert self._process is not None
        with suppress(ProcessLookupError):
            self._process.terminate()
        async with asyncio.timeout(SECONDS):
            return await self._process.wait()

    def kill(self) -> None:
        """All of it at once."""
        assert self._process is not None
        for process in (self._process.pid, *self.workers()):
            os.kill(process, signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """To the supervisor."""
        assert self._process is not None
        self._process.send_signal(number)

    def workers(self) -> list[int]:
        """The workers that there are just now, the oldest first."""
        return sorted(self._children())

    def _children(self) -> Iterator[int]:
        if self._process is not None:
            with suppress(OSError):
                yield from map(
                    int, Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
                )

    async def says(self, pattern: str, times: int = 1, since: int = 0) -> None:
        """Wait until its log has said that so often, after its first `since` characters."""
        async with asyncio.timeout(SECONDS):
            while len(re.findall(pattern, self.said[since:])) < times:
                self._more.clear()
                await self._more.wait()

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stderr is not None
        while line := await process.stderr.readline():
            self.said += line.decode()
            self._log.write(line)
            self._log.flush()
            self._more.set()

    async def a_meeting(self, name: str) -> tuple[str, str, str]:
        """A meeting that goes on for hours: its slug, the host's key and the timekeeper's."""
        body = {"name": name, "timezone": "UTC", "minutes": 600, "now": True, "format": FORMAT}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=SECONDS) as client:
            answer = await client.post("/api/meetings", json=body)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        keys = [made[url].partition("#key=")[2] for url in ("host_url", "timekeeper_url")]
        return made["slug"], keys[0], keys[1]

    async def is_complete(self) -> None:
        """Wait until all workers are there."""
        async with asyncio.timeout(SECONDS):
            while len(self.workers()) < self.workers_wanted:
                await asyncio.sleep(0.02)

    async def answers(self, status: int) -> None:
        """Wait until /readyz is answered so by all workers: by whoever takes one of many questions in a row."""
        times = 0
        async with asyncio.timeout(SECONDS), httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            while times < 5 * self.workers_wanted:
                answer = await client.get("/readyz", headers={"Connection": "close"})
                times = times + 1 if answer.status_code == status else 0


@asynccontextmanager
async def a_site(folder: Path, workers: int, **settings: str) -> AsyncIterator[tuple[Site, Redis]]:
    """`settings` are variables of the environment."""
    folder.mkdir(parents=True, exist_ok=True)
    store = Redis(folder)
    await store.start()
    try:
        site = Site(folder / "data", f"redis://127.0.0.1:{store.line.port}", workers, settings)
        store.line.processes = site.workers
        await site.start()
        try:
            yield site, store
        finally:
            assert await site.stop() == 0
    finally:
        await store.stop()

"""`openchair serve --workers 2 --redis …`: processes that are watched, replaced, renewed and stopped."""

import asyncio
import errno
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from client.coming_back import Delays
from client.room import RoomClient, connect
from config.settings import Settings
from rooms.chat import Said
from server.serving import claim, listen
from server.supervisor import supervise
from tests.server.metrics import Numbers, by_worker
from tests.valkey import Valkey

OPENCHAIR = (sys.executable, "-c", "from server.cli import app; app()")
SECONDS = 30


class Site:
    """A running `openchair serve`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.port = 0
        self.said = ""
        self._more = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            self.said += line.decode()
            self._more.set()

    async def says(self, pattern: str, times: int = 1) -> list[str]:
        async with asyncio.timeout(SECONDS):
            while len(found := re.findall(pattern, self.said)) < times:
                self._more.clear()
                await self._more.wait()
        return found

    @property
    def workers(self) -> set[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return {int(child) for child in children.split()}

    async def makes(self, **fields: Any) -> dict[str, Any]:
        """A meeting; what the API answers."""
        body = {"name": "Circle", "timezone": "UTC", "minutes": 60, **fields}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            answer = await client.post("/api/meetings", json=body)
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    async def a_meeting(self) -> str:
        """The link for everybody."""
        return str((await self.makes(now=True))["join_url"])

    async def numbers(self) -> dict[str, Numbers]:
        """What `/metrics` tells of each worker, whichever of them is asked."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as client:
            return by_worker((await client.get("/metrics")).text)


@asynccontextmanager
async def site(
    data: Path, valkey: Valkey, workers: int = 2, *, port: int = 0, fails: bool = False
) -> AsyncIterator[Site]:
    options = ("--data", str(data), "--port", str(port), "--workers", str(workers), "--redis", valkey.url)
    process = await asyncio.create_subprocess_exec(*OPENCHAIR, "serve", *options, stderr=asyncio.subprocess.PIPE)
    served = Site(process)
    try:
        served.port = int((await served.says(r"port=\S*?(\d+)", workers))[0])
        yield served
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(SECONDS):
            assert await process.wait() == 0 or fails
    assert "Traceback" not in served.said or fails, served.said


@pytest.fixture(autouse=True)
def empty(valkey: Valkey) -> None:
    valkey.forget_everything()


@asynccontextmanager
async def people(link: str, count: int) -> AsyncIterator[list[RoomClient]]:
    """On whichever worker the kernel puts them."""
    async with asyncio.timeout(SECONDS):
        coming = [connect(link, name=f"Person {n}", delays=Delays(0.05, 0.5)) for n in range(count)]
        rooms = [await it.__aenter__() for it in coming]
    yield rooms
    for it in coming:
        await it.__aexit__(None, None, None)


async def everybody_hears(rooms: list[RoomClient], text: str) -> None:
    async with asyncio.timeout(SECONDS):
        await rooms[0].say(text=text)
        for room in rooms:
            await room.until(lambda room=room: any(it.text == text for it in room.state.messages.values()))  # type: ignore[misc]


@pytest.mark.timeout(120)
async def test_a_worker_that_is_killed_is_replaced_and_nobody_loses_the_room(tmp_path: Path, valkey: Valkey) -> None:
    async with site(tmp_path, valkey) as served, people(await served.a_meeting(), 8) as rooms:
        await everybody_hears(rooms, "Before")
        before = served.workers
        assert len(before) == 2
        os.kill(min(before), signal.SIGKILL)
        await everybody_hears(rooms, "While one is down")
        await served.says(r"serving", times=3)
        assert len(served.workers) == 2
        assert served.workers != before
        await everybody_hears(rooms, "And after")
        assert {len(room.state.participants) for room in rooms} == {8}
        told = await served.numbers()
        assert {worker: it["openchair_worker_up"] for worker, it in told.items()} == {"0": 1, "1": 1}
        assert sum(it["openchair_connections"] for it in told.values()) == 8


@pytest.mark.timeout(120)
async def test_a_rolling_restart_loses_no_command_and_sends_nobody_away(tmp_path: Path, valkey: Valkey) -> None:
    async with site(tmp_path, valkey) as served, people(await served.a_meeting(), 8) as rooms:
        before = served.workers
        watcher = rooms[0].events()
        served.process.send_signal(signal.SIGHUP)
        for n in range(20):
            await everybody_hears(rooms, f"Sentence {n}")
        await served.says("workers_renewed")
        assert not before & served.workers
        assert {worker: it["openchair_worker_up"] for worker, it in (await served.numbers()).items()} == {
            "2": 1,
            "3": 1,
        }
        await everybody_hears(rooms, "The last")
        told = []
        async for event in watcher:
            told.append(type(event).__name__)
            if isinstance(event, Said) and event.text == "The last":
                break
        assert "Away" not in told
        assert told.count("Said") == 21


@pytest.mark.timeout(120)
async def test_a_new_version_that_does_not_start_changes_nothing(tmp_path: Path, valkey: Valkey) -> None:
    async with site(tmp_path, valkey, fails=True) as served, people(await served.a_meeting(), 8) as rooms:
        before = served.workers
        (tmp_path / "broken").write_text("This is no database.")
        (tmp_path / "broken").rename(tmp_path / "openchair.sqlite")
        served.process.send_signal(signal.SIGHUP)
        await served.says("workers_not_renewed")
        assert served.workers == before
        await everybody_hears(rooms, "As if nothing had happened")


@pytest.mark.timeout(120)
async def test_workers_whose_supervisor_has_died_stop_by_themselves(tmp_path: Path, valkey: Valkey) -> None:
    async with site(tmp_path, valkey, fails=True) as served, people(await served.a_meeting(), 8) as rooms:
        served.process.kill()
        async with site(tmp_path, valkey, port=served.port):  # which waits until they have left the port
            await served.says("stopped", times=2)
            await everybody_hears(rooms, "Here we are again")


async def test_a_terminal_that_is_closed_ends_no_worker(tmp_path: Path, valkey: Valkey) -> None:
    async with site(tmp_path, valkey) as served:
        worker = min(served.workers)
        os.kill(worker, signal.SIGHUP)
        os.kill(worker, signal.SIGTERM)
        assert await served.says(r"worker_ended.*code=\D*?(-?\d+)\b(?!m)") == ["0"], "it ended as it was told to"


async def test_a_second_installation_on_the_port_is_refused(
    tmp_path: Path, valkey: Valkey, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("server.supervisor.LEAVING_SECONDS", 0)
    async with site(tmp_path, valkey) as served:
        second = Settings(data=str(tmp_path), port=served.port, workers=2, redis=valkey.url)
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
            await supervise(second)
        assert "port_taken" in capsys.readouterr().out
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served.port}") as client:
            assert (await client.get("/readyz")).status_code == 200


def test_a_port_is_claimed_before_anybody_listens() -> None:
    with claim("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=os.strerror(errno.EADDRINUSE)):
            claim("127.0.0.1", port)
        with listen("127.0.0.1", port, shared=True), listen("127.0.0.1", port, shared=True):
            pass
    claim("127.0.0.1", port).close()


async def test_several_workers_need_a_redis(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *OPENCHAIR, "serve", "--data", str(tmp_path), "--workers", "2", stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().strip() == "Several workers need a Redis to share their rooms by: give its URL with --redis."


async def test_a_redis_that_may_forget_rooms_is_refused(tmp_path: Path, valkey: Valkey) -> None:
    with valkey.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        process = await asyncio.create_subprocess_exec(
            *OPENCHAIR, "serve", "--data", str(tmp_path), "--redis", valkey.url, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        client.config_set("maxmemory-policy", "noeviction")
    assert process.returncode == 1
    assert "it may throw rooms away when its memory is full (maxmemory-policy allkeys-lru)" in said.decode()

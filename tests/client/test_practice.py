"""The practice room: its meetings come alive, and a person can take over, leave again, and deal with trolls."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from client.practice.meeting import Practice
from client.practice.people import names
from client.room import RoomClient, connect
from config.formats import shipped
from rooms.agenda import Ended, Started
from rooms.chat import Said
from rooms.floor import Began, Shared
from rooms.room import AnyEvent
from rooms.safety import Removed
from tests.server.kit import SECONDS

OPENCHAIR = (sys.executable, "-c", "from client.cli import main; main()")
QUICK = ("--pace", "100", "--minutes", "8", "--port", "0")


class Rehearsal:
    """A running `openchair practice`, and the links that it printed."""

    def __init__(self, process: asyncio.subprocess.Process, member: str, host: str, people: AsyncExitStack) -> None:
        self.process, self.member, self.host = process, member, host
        self._people = people

    async def comes(self, name: str, link: str | None = None) -> RoomClient:
        async with asyncio.timeout(SECONDS):
            return await self._people.enter_async_context(connect(link or self.member, name=name))


@asynccontextmanager
async def practice(*options: str) -> AsyncIterator[Rehearsal]:
    """Ends as with Ctrl-C, without a word of trouble."""
    process = await asyncio.create_subprocess_exec(
        *OPENCHAIR, "practice", *QUICK, *options, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    links = list[str]()
    async with asyncio.timeout(60):
        while len(links) < 2:
            line = (await process.stdout.readline()).decode()
            assert line, "it has stopped"
            links += [word for word in line.split() if word.startswith("http")]
    try:
        async with AsyncExitStack() as people:
            yield Rehearsal(process, links[0], links[1], people)
    finally:
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    assert process.returncode == 0
    assert b"error" not in said, said.decode()
    assert b"Traceback" not in said


async def events_of_a_meeting(format_: str) -> list[AnyEvent]:
    async with practice("--format", format_) as rehearsal:
        room = await rehearsal.comes("Robin")
        async with asyncio.timeout(120):
            return [event async for event in room.events()]


@pytest.mark.timeout(180)
async def test_every_format_comes_alive() -> None:
    for told in await asyncio.gather(*(events_of_a_meeting(name) for name in shipped())):
        kinds = {type(event) for event in told}
        assert Said in kinds
        assert Ended in kinds
        if Began in kinds:
            assert Shared in kinds, "who has the floor says something"
    assert Started in kinds


@pytest.mark.timeout(90)
async def test_a_host_who_comes_is_given_the_chair_and_a_simulated_one_carries_on() -> None:
    async with practice("--format", "discussion", "--minutes", "600") as rehearsal:
        member = await rehearsal.comes("Robin")
        host = await rehearsal.comes("Hanna B", rehearsal.host)
        async with asyncio.timeout(30):
            await host.until(lambda: host.state.facilitator == host.you)
            await host.leave()
            await member.until(lambda: member.state.facilitator not in {None, host.you})


@pytest.mark.timeout(90)
async def test_trolls_come_back_until_the_door_is_locked() -> None:
    async with practice("--trolls", "2", "--members", "3", "--minutes", "600") as rehearsal:
        host = await rehearsal.comes("Hanna B", rehearsal.host)
        removed = 0
        async with asyncio.timeout(60):
            async for event in host.events():
                removed += isinstance(event, Removed)
                if removed == 3:
                    break
                if isinstance(event, Said) and event.text.isupper() and event.by in host.state.participants:
                    await host.remove(who=event.by)
            await host.lock()
            assert host.state.is_locked


async def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            *OPENCHAIR, "practice", "--port", port, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
    assert process.returncode == 1
    assert said.decode().startswith(f"Nobody can listen on 127.0.0.1, port {port}: Address already in use.")


def test_a_meeting_is_as_long_as_was_asked_for_at_its_pace() -> None:
    for name, rules in shipped().items():
        usual = sum(phase.length or 0 for phase in rules.phase)
        assert Practice(name).length * 60_000 == pytest.approx(usual)
        assert Practice(name, pace=60).length * 60 * 60_000 == pytest.approx(usual)
        assert Practice(name, minutes=30).length == pytest.approx(30)


def test_there_are_names_for_everybody() -> None:
    from random import Random  # noqa: PLC0415

    made = names(("Ada", "Bob"), Random(1))
    assert sorted(next(made) for _ in range(4)) == ["Ada", "Ada 2", "Bob", "Bob 2"]

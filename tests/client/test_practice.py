"""The practice room: its meetings come alive, and a person can take over, leave again, and deal with trolls."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from client.practice.meeting import Practice
from client.room import RoomClient, connect
from config.formats import shipped
from rooms.agenda import Ended
from rooms.chat import Said
from rooms.safety import Removed
from rooms.vocabulary import Refused

OPENCHAIR = (sys.executable, "-c", "from client.cli import main; main()")
QUICK = ("--pace", "100", "--minutes", "8", "--port", "0")


class Rehearsal:
    """A running `openchair practice`, and the links that it printed."""

    def __init__(self, process: asyncio.subprocess.Process, member: str, host: str, people: AsyncExitStack) -> None:
        self.process, self.member, self.host = process, member, host
        self._people = people

    async def comes(self, name: str, link: str | None = None) -> RoomClient:
        async with asyncio.timeout(30):
            return await self._people.enter_async_context(connect(link or self.member, name=name))


@asynccontextmanager
async def practice(*options: str, stop: signal.Signals = signal.SIGINT) -> AsyncIterator[Rehearsal]:
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
        process.send_signal(stop)
        _, said = await process.communicate()
    assert process.returncode == 0
    assert b"error" not in said, said.decode()
    assert b"Traceback" not in said


@pytest.mark.timeout(180)
@pytest.mark.parametrize("format_", ["grief", "quiet", "speaker"])
async def test_a_whole_meeting_is_held(format_: str) -> None:
    async with practice("--format", format_, "--members", "3", stop=signal.SIGTERM) as rehearsal:
        room = await rehearsal.comes("Robin")
        async with asyncio.timeout(120):
            kinds = {type(event) async for event in room.events()}
        assert {Said, Ended} <= kinds
        assert str(room.closed) == "closed with 1000"


@pytest.mark.timeout(90)
async def test_the_same_link_leads_to_the_door_of_the_next_meeting() -> None:
    async with practice("--members", "1", "--minutes", "1") as rehearsal:
        room = await rehearsal.comes("Robin")
        async with asyncio.timeout(60):
            await room.until(lambda: room.state.state == "ended")
            while True:  # all the others have to leave first
                with suppress(Refused):
                    async with connect(rehearsal.member, name="Robin", wait=False) as again:
                        assert again.is_inside or (again.waiting and again.waiting.reason == "doors")
                        assert again.you != room.you
                        return


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

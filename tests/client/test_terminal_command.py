"""`openchair join` as a program: what it asks for, how it ends, and what it leaves of the terminal."""

import asyncio
import os
import pty
import signal
import sys
import termios
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.client.kit import Site, happens
from tests.server.kit import SECONDS

OPENCHAIR = (sys.executable, "-c", "from client.cli import main; main()")
LONG = 2 * SECONDS  # a program starts


class Program:
    """A running `openchair join`, typed to and read as its terminal or its pipes."""

    def __init__(self, process: asyncio.subprocess.Process, keyboard: int, screen: asyncio.StreamReader) -> None:
        self.process = process
        self.keyboard = keyboard
        self.shown = ""  # what is left to be waited for
        self.all_shown = ""
        self._screen = screen

    def types(self, text: str) -> None:
        os.write(self.keyboard, text.encode())

    async def shows(self, text: str) -> None:
        """Wait until this is on the screen, below what was waited for before."""
        async with asyncio.timeout(LONG):
            while text not in self.shown:
                data = await self._screen.read(1 << 16)
                assert data, f"{text!r} did not come after {self.shown[-800:]!r}"
                self._show(data)
        self.shown = self.shown.partition(text)[2]

    async def ends(self) -> int:
        async with asyncio.timeout(LONG):
            while data := await self._read():
                self._show(data)
            return await self.process.wait()

    def _show(self, data: bytes) -> None:
        self.shown += data.decode(errors="replace")
        self.all_shown += data.decode(errors="replace")

    async def _read(self) -> bytes:
        try:
            return await self._screen.read(1 << 16)
        except OSError:  # how a terminal ends that nobody holds any more
            return b""


@asynccontextmanager
async def joining(*arguments: str, terminal: bool = False) -> AsyncIterator[Program]:
    if terminal:
        keyboard, theirs = pty.openpty()
        screen, sink, source = os.dup(keyboard), theirs, theirs
    else:
        (source, keyboard), (screen, sink) = os.pipe(), os.pipe()
    options: dict[str, Any] = {"stdin": source, "stdout": sink, "stderr": sink, "start_new_session": True}
    process = await asyncio.create_subprocess_exec(*OPENCHAIR, "join", *arguments, **options)
    reader = asyncio.StreamReader()
    there, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(screen, "rb", buffering=0)
    )
    for number in {source, sink}:
        if not terminal:
            os.close(number)
    program = Program(process, keyboard, reader)
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        there.close()
        os.close(keyboard)
        if terminal:
            os.close(theirs)


async def test_a_name_and_a_passcode_are_asked_for(site: Site) -> None:
    meeting = await site.a_meeting(passcode="open sesame")
    fay = await site.facilitates(meeting)
    async with joining(site.link()) as alice:
        await alice.shows("Your first name, or any name you like:\n")
        alice.types("Alice\n")
        await alice.shows("This meeting asks for a passcode.\nThe passcode:\n")
        alice.types("open door\n")
        await alice.shows("The passcode:\n")
        alice.types("open sesame\nHello\n/leave\n")
        await alice.shows("You are in: A circle. Your name here is Alice.\n")
        await alice.shows("You have left. Take good care.\n")
        assert await alice.ends() == 0
    await happens(fay, lambda: [message.text for message in fay.state.messages.values()] == ["Hello"])


async def test_a_passcode_is_not_shown_in_a_terminal(site: Site) -> None:
    await site.a_meeting(passcode="open sesame")
    async with joining(site.link(), "--name", "Alice", terminal=True) as alice:
        before = termios.tcgetattr(alice.keyboard)
        await alice.shows("The passcode: ")
        alice.types("open sesame\n")
        await alice.shows("You are in: A circle.")
        await alice.shows("> ")
        alice.types("Hello\n")
        await alice.shows("[1] Sent.")
        alice.types("\x04")
        await alice.shows("You have left. Take good care.")
        assert await alice.process.wait() == 0
        assert termios.tcgetattr(alice.keyboard) == before
    assert "sesame" not in alice.all_shown


async def test_what_is_being_typed_stays_below_what_comes(site: Site) -> None:
    meeting = await site.a_meeting()
    fay = await site.facilitates(meeting)
    async with joining(site.link(), "--name", "Alice", terminal=True) as alice:
        await alice.shows("/help tells what else there is.")
        alice.types("Hel\x0c")  # Ctrl-L, so that the line is drawn once more when it has been read
        await alice.shows("> Hel")
        await fay.say("Good evening")
        await alice.shows("\r\x1b[J[1] Fay: Good evening\r\n> Hel")
        alice.types("lo\n")
        await alice.shows("[2] Sent.")
        assert [message.text for message in fay.state.messages.values()] == ["Good evening", "Hello"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_hanging_up_leaves(site: Site, number: signal.Signals) -> None:
    fay = await site.facilitates(await site.a_meeting())
    async with joining(site.link(), "--name", "Alice") as alice:
        await alice.shows("/help")
        alice.process.send_signal(number)
        assert await alice.ends() == 0
        assert alice.shown.endswith("You have left. Take good care.\n")
    await happens(fay, lambda: len(fay.state.participants) == 1)
    assert not site.room.gone


async def test_whoever_is_not_let_in_learns_why(site: Site) -> None:
    await site.a_meeting()

    async def is_told(link: str) -> str:
        async with joining(link, "--name", "Alice") as alice:
            assert await alice.ends() == 1
            return alice.shown

    links = (site.link("elsewhere"), site.link(key="wrong"), "http://127.0.0.1:1/r/circle", "circle")
    assert await asyncio.gather(*map(is_told, links)) == [
        "There is no such meeting here.\n",
        "This link is not valid any more. Ask whoever manages the meeting for a new one.\n",
        "The server cannot be reached. Is the link right?\n",
        "Expected a room's link, such as https://host/r/meeting.\n",
    ]


async def test_nobody_who_reads_is_as_nobody_there(site: Site) -> None:
    await site.a_meeting()
    process = await asyncio.create_subprocess_shell(
        f'{sys.executable} -c "from client.cli import main; main()" join {site.link()} --name Alice | head -1',
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    async with asyncio.timeout(LONG):
        assert b"You are in" in await process.stdout.readline()
        process.stdin.write(b"/help\n")
        assert process.stderr is not None
        assert await process.stderr.read() == b""
        await process.wait()

"""A room in the terminal, on a real server: whole meetings, typed and read through pipes."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import TextIOWrapper

from client.room import connect
from client.terminal.console import Pipe
from client.terminal.session import Session
from tests.client.kit import AT_ONCE, Site, happens
from tests.server.kit import A_ROUND, MINUTE, SECONDS

A_CLOSING = {"kind": "reading", "title": "Closing", "text": "Go well."}


class Somebody:
    """Who sits at a terminal: what they type goes through one pipe, and what they read comes through another."""

    def __init__(self, keyboard: int, screen: asyncio.StreamReader) -> None:
        self._keyboard = os.fdopen(keyboard, "wb", buffering=0)
        self._screen = screen
        self.has_read: list[str] = []
        self.exit_code: asyncio.Task[int]

    def types(self, *lines: str) -> None:
        for line in lines:
            self._keyboard.write(f"{line}\n".encode())

    def hangs_up(self) -> None:
        """As with Ctrl-D."""
        self._keyboard.close()

    async def reads(self, *sentences: str) -> None:
        """Read on until each of the sentences has come, in this order, as a line or within one."""
        for sentence in sentences:
            while sentence not in (line := await self._line()):
                assert line, f"{sentence!r} did not come after {self.has_read[-12:]}"

    async def reads_to_the_end(self) -> list[str]:
        while await self._line():
            pass
        return self.has_read

    async def _line(self) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                line = (await self._screen.readline()).decode().rstrip("\n")
        except TimeoutError:
            raise AssertionError(f"nothing more came after {self.has_read[-12:]}") from None
        self.has_read.append(line)
        return line

    async def asks(self, line: str, answer: str) -> None:
        self.types(line)
        await self.reads(answer)


@asynccontextmanager
async def at_a_terminal(link: str, name: str, patience: float = SECONDS) -> AsyncIterator[Somebody]:
    (source, keyboard), (screen, sink) = os.pipe(), os.pipe()
    reader = asyncio.StreamReader()
    there, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(screen, "rb")
    )

    async def stay() -> int:
        typed = TextIOWrapper(os.fdopen(source, "rb"))  # whoever still reads it would keep us from closing it
        with TextIOWrapper(os.fdopen(sink, "wb")) as shown:
            async with connect(link, name=name, delays=AT_ONCE, wait=False) as room:
                return await Session(room, Pipe(typed, shown), patience).stay()

    somebody = Somebody(keyboard, reader)
    somebody.exit_code = asyncio.create_task(stay())
    try:
        yield somebody
        somebody.hangs_up()
        async with asyncio.timeout(SECONDS):
            await somebody.exit_code
    finally:
        somebody.hangs_up()
        somebody.exit_code.cancel()
        there.close()


async def test_a_whole_meeting(site: Site) -> None:
    meeting = await site.a_meeting(A_ROUND, A_CLOSING)
    async with (
        at_a_terminal(site.link(key=meeting.keys.host), "Fay") as fay,
        at_a_terminal(site.link(), "Alice") as alice,
        at_a_terminal(site.link(), "Bob") as bob,
    ):
        await fay.reads("You are in: A circle. Your name here is Fay, and you are the facilitator.", "/start begins it")
        await alice.reads("You are in: A circle. Your name here is Alice.", "/help")
        await bob.reads("/help")
        await alice.asks("Good evening", "[1] Sent.")
        await fay.asks("/start", "Now: Sharing")
        await alice.asks("/hand sleep", "You have raised your hand, number 1 (sleep).")
        await bob.asks("!", "You have raised your hand, number 2.")
        await fay.reads("Alice has raised a hand, number 1 (sleep).", "Bob has raised a hand, number 2.")
        await fay.asks("/move bob 1", "Bob is number 1 in the queue now.")
        await fay.asks("/next", "Bob is called.")
        await bob.reads("It is your turn")
        await bob.asks("/pass", "You have passed.")
        await fay.asks("/next", "Alice is called.")
        await alice.reads("It is your turn")
        await alice.asks("/begin", "You have the floor, for 3 minutes.")
        await alice.asks("It was a long week.", "Shared.")
        await bob.reads("Alice shares, for 3 minutes.", "] Alice shares: It was a long week.")
        await fay.asks("/add 1", "Alice has 4 minutes left.")
        await fay.asks("/pause", "The clock stands still")
        await fay.asks("/resume", "left.")
        await alice.asks("done", "Thank you; your share has ended.")
        await fay.reads("Alice is done.")
        await fay.asks("/remove bob", "Bob was taken out of the meeting and may not come back")
        assert (await bob.reads_to_the_end())[-2] == "You were taken out of the meeting."
        assert await bob.exit_code == 1
        await fay.asks("/phase next", "Now: Closing")
        await alice.reads("    Go well.")
        await fay.asks("/end", "The meeting is over. The room stays open until")
        await alice.asks("Thank you all", "Sent.")
        await fay.asks("/end", "everything that was said is deleted")
        assert await fay.exit_code == 0
        await alice.reads("The meeting is over, and everything that was said is deleted.")
        assert await alice.exit_code == 0


async def test_what_changes_nothing_and_what_is_refused_is_told(site: Site) -> None:
    meeting = await site.a_meeting()
    async with (
        at_a_terminal(site.link(key=meeting.keys.host), "Fay") as fay,
        at_a_terminal(site.link(), "Alice") as alice,
    ):
        await fay.asks("/lock", "The doors are locked")
        await fay.asks("/lock", "It is so already.")
        await alice.asks("/lock", "Your role does not allow that.")
        await alice.asks("/hand", "The queue is closed")
        await alice.asks("/hnad", "Did you mean /hand?")
        await alice.asks("x" * 2001, "too long")
        await alice.asks("/name " + "x" * 41, "The name is too long")


async def test_who_is_given_a_role_sees_the_room_anew(site: Site) -> None:
    meeting = await site.a_meeting(waiting_room=True)
    async with at_a_terminal(site.link(key=meeting.keys.host), "Fay") as fay:
        await fay.reads("/help")
        async with at_a_terminal(site.link(), "Alice") as alice, at_a_terminal(site.link(), "Bob") as bob:
            await alice.reads("in the waiting room. Somebody will let you in.", "You come in by yourself then")
            await alice.asks("hello?", "You are not in yet, and this was not sent.")
            await fay.reads("is at the door", "is at the door")
            await fay.asks("/admit alice", "Alice has come in.")
            await alice.reads("You are in")
            await fay.asks("/role Alice greeter", "Alice is a greeter now.")
            await alice.reads("You are a greeter now.", "At the door: Bob.")
            await alice.asks("/deny bob", "Bob was turned away.")
            await bob.reads("You were not let in this time.")
            assert await bob.exit_code == 1


async def test_who_comes_early_waits_for_the_doors(site: Site) -> None:
    await site.a_meeting(starts_in=20 * MINUTE)
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("A circle.", "The doors open at ", "You come in by yourself then; /leave goes away again.")
        site.served.pass_time(6 * MINUTE)
        site.served.replicas[0].door._open_the_doors()
        await alice.reads("You are in: A circle.", "The meeting has not begun yet. It starts at ")


async def test_who_waits_can_go_away_again(site: Site) -> None:
    await site.a_meeting(starts_in=20 * MINUTE)
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("The doors open at ")
        await alice.asks("/leave", "You have left. Take good care.")
        assert await alice.exit_code == 0


async def test_what_is_typed_while_the_line_is_down_is_sent_when_it_is_back(site: Site) -> None:
    meeting = await site.a_meeting()
    fay, tunnel = await site.facilitates(meeting), await site.tunnel()
    async with at_a_terminal(site.link(port=tunnel.port), "Alice", patience=0) as alice:
        await alice.reads("/help")
        tunnel.cut()
        tunnel.is_deaf = True
        await alice.reads("The line is down. We are bringing you back")
        alice.types("Can you hear me?")
        await alice.asks("/time", "The meeting has not begun yet.")
        await alice.asks("/hnad", "There is no command")
        tunnel.cut()
        await alice.reads("The line is back.")
        await happens(fay, lambda: [m.text for m in fay.state.messages.values()] == ["Can you hear me?"])
        await alice.reads("Sent.")


async def test_one_can_leave_while_the_line_is_down(site: Site) -> None:
    await site.a_meeting()
    tunnel = await site.tunnel()
    async with at_a_terminal(site.link(port=tunnel.port), "Alice", patience=0) as alice:
        await alice.reads("/help")
        tunnel.cut()
        tunnel.is_deaf = True
        await alice.reads("The line is down.")
        alice.types("never sent")
        await alice.asks("/leave", "You have left.")
        assert await alice.exit_code == 0


async def test_the_end_of_what_is_typed_leaves_when_all_is_said(site: Site) -> None:
    meeting = await site.a_meeting()
    fay = await site.facilitates(meeting)
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("/help")
        alice.types(*(f"line {n}" for n in range(5)))
        alice.hangs_up()
        await alice.reads("You have left. Take good care.")
    await happens(fay, lambda: "Alice" not in [p.name for p in fay.state.participants.values()])
    assert [message.text for message in fay.state.messages.values()] == [f"line {n}" for n in range(5)]
    assert not site.room.gone, "the seat is given up"


async def test_the_last_seconds_of_a_share_are_told(site: Site) -> None:
    meeting = await site.a_meeting(A_ROUND | {"share_seconds": 15.2})
    fay = await site.facilitates(meeting)
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("/help")
        await fay.start()
        await fay.call(next(who for who in fay.state.participants if who != fay.you))
        await alice.reads("It is your turn")
        await alice.asks("/begin", "You have the floor, for 15 seconds.")
        await alice.reads("You have 15 seconds left.")


async def test_nobody_writes_into_somebodys_terminal(site: Site) -> None:
    meeting = await site.a_meeting()
    fay = await site.facilitates(meeting)
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("/help")
        await fay.say("\x1b[2J\x1b]0;owned\x07\n[9] Alice: I quit\u202e")
        await alice.reads("[1] Fay: [2J]0;owned", "    [9] Alice: I quit")


async def test_the_key_is_never_shown(site: Site) -> None:
    meeting = await site.a_meeting(A_CLOSING)
    async with at_a_terminal(site.link(key=meeting.keys.host), "Fay") as fay:
        fay.types("/who", "/start", "/time", "/agenda", "/queue", "/read", "/help")
        fay.hangs_up()
        assert meeting.keys.host not in "\n".join(await fay.reads_to_the_end())


async def test_it_is_told_plainly_if_something_could_not_be_saved(site: Site) -> None:
    await site.a_meeting()
    async with at_a_terminal(site.link(), "Alice") as alice:
        await alice.reads("/help")
        [replica] = site.served.replicas
        replica.door.show_everybody_anew(site.served.clock(), is_lost=False)
        replica.door.show_everybody_anew(site.served.clock(), is_lost=True)
        await alice.reads("could not be saved. Please look, and do it again if need be.")
        alice.hangs_up()
        told = await alice.reads_to_the_end()
        assert sum("could not be saved" in line for line in told) == 1

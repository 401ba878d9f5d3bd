"""Somebody's stay in a room: what they type is carried out in order, and what happens is told as it happens."""

import asyncio
import signal
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from client.coming_back import Closed
from client.events import FellBehind
from client.room import RoomClient
from client.terminal import looks
from client.terminal.console import Pipe
from client.terminal.seen import Misunderstood, Seen
from client.terminal.telling import last_word_at, nearly_over, tell
from client.terminal.text import clock_time, in_words
from client.terminal.words import leaves, understand
from client.wire import Waiting
from rooms.presence import Leave
from rooms.vocabulary import Command, Event, Refused

PATIENCE: Final = 2.0  # seconds that a line may be down before a word is said of it
PARTING: Final = 2.0  # seconds that the server has to hear that one leaves
TYPED_AHEAD: Final = 100  # lines
HANG_UPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

FAREWELLS: Final = {
    1000: "The meeting is over, and everything that was said is deleted. Thank you for being here.",
    4003: "You were taken out of the meeting.",
    4009: "You are in this meeting elsewhere; here it is closed.",
}


class Session:
    """The stay of one person at one console. `patience` is in seconds."""

    def __init__(self, room: RoomClient, console: Pipe, patience: float = PATIENCE) -> None:
        self._room = room
        self._console = console
        self._patience = patience
        self._events = room.events()
        self._seen: Seen | None = None  # None before one is in
        self._told = 0  # the number of the last event that need not be told any more
        self._own_told = 0  # how many events of one's own were told
        self._to_do = asyncio.Queue[str | Command | None](TYPED_AHEAD)
        self._has_hung_up = asyncio.Event()

    async def stay(self) -> int:
        """Until one leaves or the line is closed for good. The exit code: 0 if one left or the meeting is over."""
        with _heard(HANG_UPS, self._has_hung_up):
            async with asyncio.TaskGroup() as tasks:
                ends = [tasks.create_task(_until_closed(it)) for it in (self._attend(), self._obey())]
                ends.append(tasks.create_task(_until_closed(self._hang_up())))
                line = (self._mind_the_line(), self._mind_losses())
                lasting = (self._read(), self._look_again(), *line, self._keep_time())
                others = [tasks.create_task(_until_closed(it)) for it in lasting]
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
                for task in (*ends, *others):
                    task.cancel()
            return await self._part()

    async def _hang_up(self) -> None:
        await self._has_hung_up.wait()

    async def _part(self) -> int:
        """Leave, unless the line is closed already, and say how it ended."""
        if self._room.closed is None:
            if self._room.is_connected:
                with suppress(Closed, Refused, TimeoutError):
                    async with asyncio.timeout(PARTING):
                        await self._room.leave()
            self._say("You have left. Take good care.")
            return 0
        if not isinstance(self._room.closed, Closed):
            raise self._room.closed
        code, refusal = self._room.closed.code, self._room.closed.refusal
        self._say(refusal.message if refusal is not None else FAREWELLS.get(code, "The server has closed the line."))
        return 0 if code == 1000 else 1

    # What happens

    async def _attend(self) -> None:
        await self._wait_at_the_door()
        self._seen = seen = Seen(self._room.state, self._room.you, self._room.now)
        self._say(f"You are in: {seen.room.name}. Your name here is {seen.name(seen.you)}{_as(seen)}.")
        self._show_the_room(seen)
        self._say("What you type is said in the chat. /help tells what else there is.")
        while True:
            try:
                async for event in self._events:
                    self._tell(event, seen)
            except FellBehind:
                self._events = self._room.events()
                self._show_the_room(seen)
            else:
                return

    async def _wait_at_the_door(self) -> None:
        told = None
        while not self._room.is_inside:
            if (waiting := self._room.waiting) is not None:
                news = waiting.reason, waiting.place, waiting.opens_at
                if news != told:  # and not only that one's line was down
                    told = news
                    self._say(*_at_the_door(waiting))
            await self._room.until(lambda: self._room.is_inside or self._room.waiting is not waiting)

    def _tell(self, event: Event, seen: Seen) -> None:
        if event.seq > self._told:
            self._console.show(tell(event, seen))
            self._told = event.seq
            self._own_told += event.by == seen.you

    def _show_the_room(self, seen: Seen) -> None:
        """All of it anew, where what happened before is not told one by one."""
        seen.room = self._room.state
        seen.look()
        self._console.show(looks.room(seen))
        self._told = seen.room.seq

    async def _look_again(self) -> None:
        """When there is another picture of the room, because one's role has changed or too much was missed."""
        while True:
            await self._room.until(lambda: self._seen is not None and self._seen.room is not self._room.state)
            if self._seen is not None:
                self._show_the_room(self._seen)

    async def _mind_the_line(self) -> None:
        room = self._room
        while True:
            await room.until(lambda: room.is_inside and not room.is_connected)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience):
                    await room.until(lambda: room.is_connected)
            if not room.is_connected:
                self._say("The line is down. We are bringing you back; what you type waits and is sent then.")
                await room.until(lambda: room.is_connected)
                self._say("The line is back.")

    async def _mind_losses(self) -> None:
        while True:
            before = self._room.losses
            await self._room.until(lambda before=before: self._room.losses > before)  # type: ignore[misc]
            self._say("Some of what was said or done last could not be saved. Please look, and do it again if need be.")

    async def _keep_time(self) -> None:
        room = self._room
        await room.inside()
        while True:
            at = last_word_at(room.state)
            changes = partial(_differs, at, room)
            if at is not None and (ahead := at - room.now()) > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ahead / 1000):
                        await room.until(changes)
                if not changes() and self._seen is not None:
                    self._console.show(nearly_over(self._seen))
            await room.until(changes)

    # What is typed

    async def _read(self) -> None:
        async for line in self._console.typed():
            if (asked := self._for_later(line)) is not None:
                await self._to_do.put(asked)
        await self._to_do.put(None)

    def _for_later(self, line: str) -> str | Command | None:
        """What of a line is to be carried out when its turn comes.

        Where nothing can be asked just now, to leave and to look around need not wait; and what waits for the line
        means then what it meant when it was typed.
        """
        if self._seen is not None and self._room.is_connected:
            return line
        if leaves(line):
            self._has_hung_up.set()
            return None
        if self._seen is None:
            self._say("You are not in yet, and this was not sent. /leave goes away again.")
            return None
        return self._understand(line, self._seen)

    async def _obey(self) -> None:
        """Until one leaves."""
        while (asked := await self._to_do.get()) is not None:
            if isinstance(asked, str) and self._seen is not None:
                asked = self._understand(asked, self._seen)
            if isinstance(asked, Leave):
                return
            if isinstance(asked, Command):
                await self._ask(asked)

    def _understand(self, line: str, seen: Seen) -> Command | None:
        try:
            asked = understand(line, seen)
        except Misunderstood as misunderstood:
            self._say(str(misunderstood))
            return None
        if isinstance(asked, Command):
            return asked
        self._console.show(asked)
        return None

    async def _ask(self, command: Command) -> None:
        own = self._own_told
        try:
            await self._room.ask(command)
        except Refused as refusal:
            wait = f" (again in {in_words(max(1, refusal.retry_after))})" if refusal.retry_after is not None else ""
            self._say(f"{refusal.message}{wait}")
        else:
            if own == self._own_told:
                self._say("It is so already.")

    def _say(self, *lines: str) -> None:
        self._console.show(lines)


async def _until_closed(doing: Coroutine[Any, Any, None]) -> None:
    with suppress(Closed):
        await doing


def _differs(at: int | None, room: RoomClient) -> bool:
    return last_word_at(room.state) != at


@contextmanager
def _heard(signals: Iterable[signal.Signals], event: asyncio.Event) -> Iterator[None]:
    """Each of the signals sets the event, and does nothing else."""
    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, event.set)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _as(seen: Seen) -> str:
    return f", and you are {looks.ROLES[seen.role]}" if seen.serves else ""


def _at_the_door(waiting: Waiting) -> list[str]:
    lines = [f"{waiting.meeting.name}."]
    if waiting.opens_at is not None:
        left = in_words((waiting.opens_at - waiting.now) / 1000)
        lines.append(f"The doors open at {clock_time(waiting.opens_at, waiting.now)}, in {left}.")
    elif waiting.place is not None:
        lines.append(f"You are number {waiting.place} in the waiting room. Somebody will let you in.")
    return [*lines, "You come in by yourself then; /leave goes away again."]

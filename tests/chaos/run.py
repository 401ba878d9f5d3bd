"""The chaos run: meetings are held, and one fault follows the other. All is noted, and nothing is judged."""

import asyncio
import random
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from msgspec import Struct

from tests.chaos.faults import RENEWED, Fault, World
from tests.chaos.notes import FAULTS, PEOPLE, Notes
from tests.chaos.people import Person
from tests.chaos.site import Site, a_site

PACE: Final = 4.0  # seconds from one thing that somebody does to the next, on average
WHOLE_SECONDS: Final = 120.0  # after which somebody who is not whole again is left behind


class Cast(Struct, frozen=True):
    """How many take part."""

    workers: int = 4
    rooms: int = 20
    people: int = 200


class Meetings:
    """`async with` holds meetings on a site, and notes all that happens in a folder."""

    def __init__(self, site: Site, cast: Cast, folder: Path, pace: float = PACE) -> None:
        self.pace = pace
        self.people: list[Person] = []
        self._site, self._cast, self._folder = site, cast, folder
        self._notes: list[Notes] = []
        self._lives: list[asyncio.Task[None]] = []
        self._parts: list[asyncio.Task[None]] = []

    async def begin(self) -> None:
        """Everybody is in, the meetings have started, and people take part."""
        about = self._new_notes(PEOPLE)
        in_each = self._cast.people // self._cast.rooms
        for n in range(self._cast.rooms):
            room, *keys = await self._site.a_meeting(f"Circle {n}")
            notes = self._new_notes(f"{room}.notes")
            for m in range(in_each):
                number = n * in_each + m
                name, key = (f"Service {number}", keys[m]) if m < len(keys) else (f"Member {number}", None)
                self.people.append(Person(number, room, name, key, self._site.port, notes))
                self.people[-1].pace = self.pace
                about.write(number, room, name)
        self._lives = [asyncio.create_task(person.live()) for person in self.people]
        async with asyncio.timeout(WHOLE_SECONDS):
            for person in self.people:
                await person.comes_in()
            for facilitator in self.people[::in_each]:
                await facilitator.ask("start")
        self._parts = [asyncio.create_task(person.take_part()) for person in self.people]

    async def are_whole(self) -> int:
        """Wait until each has got an acknowledgement of something new; how many have not."""
        _, pending = await asyncio.wait(
            [asyncio.create_task(person.say()) for person in self.people], timeout=WHOLE_SECONDS
        )
        return len(pending)

    async def end(self) -> None:
        """All is answered, nobody shares, and everybody looks at the room anew."""
        for person in self.people:
            person.is_done.set()
        await asyncio.wait(self._parts, timeout=WHOLE_SECONDS)
        for person in self.people:
            if person.is_serving:
                await asyncio.wait_for(person.ask("close_queue"), WHOLE_SECONDS)
                await asyncio.wait_for(person.ask("stop_share"), WHOLE_SECONDS)
        await self._have_seen_the_same()  # and so have their workers: one that is behind would show what was before
        for group in (self.people[at : at + 50] for at in range(0, len(self.people), 50)):
            await asyncio.wait([asyncio.create_task(person.come_anew()) for person in group], timeout=WHOLE_SECONDS)
        await self._have_seen_the_same()
        for task in (*self._lives, *self._parts):
            task.cancel()
        await asyncio.wait([*self._lives, *self._parts])
        for notes in self._notes:
            notes.close()

    async def _have_seen_the_same(self) -> None:
        in_each = self._cast.people // self._cast.rooms
        with suppress(TimeoutError):
            async with asyncio.timeout(WHOLE_SECONDS):
                for at in range(0, len(self.people), in_each):
                    while len({person.seq for person in self.people[at : at + in_each]}) > 1:
                        await asyncio.sleep(0.01)

    def _new_notes(self, name: str) -> Notes:
        notes = Notes(self._folder / name)
        self._notes.append(notes)
        return notes


async def run(cast: Cast, plan: Sequence[Fault], seed: int, folder: Path, haste: float = 1.0) -> None:
    """Hold meetings through all faults of the plan; the notes are in the folder."""
    _clear(folder)
    async with a_site(folder / "site", cast.workers, OPENCHAIR_DRAIN_SECONDS="2") as (site, redis):
        meetings = Meetings(site, cast, folder)
        await meetings.begin()
        world = World(site, redis, meetings.people, random.Random(seed), haste)
        notes = Notes(folder / FAULTS)
        for number, fault in enumerate(plan, start=1):
            await world.a_while(0.2, 1.5)
            struck = 0

            def strikes() -> None:
                nonlocal struck
                struck = time.monotonic_ns()

            await fault.do(world, strikes)
            over = time.monotonic_ns()
            broken = await meetings.are_whole()
            notes.write(fault.name, struck, over)
            lasted, whole = (over - struck) / 1e9, (time.monotonic_ns() - over) / 1e9
            last = f", {broken} are not whole" if broken else ""
            print(f"{number:4}  {fault.name:50} {lasted:6.2f} s  {whole:6.2f} s{last}", file=sys.stderr, flush=True)
            await redis.mend()
            await site.is_complete()
        await meetings.end()
        notes.close()


async def renew(cast: Cast, folder: Path, **settings: str) -> None:
    """Hold meetings, and renew the workers under them."""
    _clear(folder)
    async with a_site(folder / "site", cast.workers, **settings) as (site, _):
        meetings = Meetings(site, cast, folder, pace=cast.people / 50)
        await meetings.begin()
        notes = Notes(folder / FAULTS)
        struck = time.monotonic_ns()
        site.signal(signal.SIGHUP)
        await site.says("workers_renewed")
        over = time.monotonic_ns()
        await meetings.are_whole()
        notes.write(RENEWED, struck, over)
        await meetings.end()
        notes.close()


def _clear(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.notes"):
        path.unlink()

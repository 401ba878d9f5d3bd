"""The practice room at work: a server, a schedule, and simulated people who come to one meeting after another."""

import asyncio
import gc
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from random import Random
from tempfile import TemporaryDirectory
from typing import Final, TypeVar

import msgspec
import uvloop
from msgspec import Struct
from msgspec.structs import replace

from client.coming_back import Closed
from client.practice.people import Facilitator, HangUp, Member, Person, Step, Troll, Writing, names, stories
from client.practice.words import WORDS
from client.room import RoomClient, connect
from config.formats import shipped
from config.settings import Settings
from rooms.formats import Format
from rooms.vocabulary import ParticipantId, Refused
from server.app import App
from server.schedule.addresses import Site
from server.schedule.keys import Keys, new_keys
from server.schedule.posted import Posted, new_meeting

SLUG: Final = "practice"
SECOND: Final = 1.0  # between two thoughts of one person
APART: Final = 4.0  # seconds between two arrivals, on average
FELLOWSHIP: Final = 3.0  # minutes at most, so that the next meeting begins soon
REST: Final = 20.0  # seconds between two meetings
MINUTE: Final = 60_000  # ms
SEATS: Final = 20  # for others than the simulated
FILES: Final = 4096  # open at once
DAYS: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
LENGTHS: Final = frozenset({"seconds", "minutes"})  # of a phase
STRUCT = TypeVar("STRUCT", bound=Struct)


class Practice(Struct, frozen=True):
    """What is to be practised. `pace` makes all of it so many times as fast."""

    format: str = "discussion"
    members: int = 12
    trolls: int = 0
    minutes: float | None = None
    pace: float = 1.0

    @property
    def rules(self) -> Format:
        """The shipped format at this pace, its phases together as long as `minutes`, with seats for real people."""
        given = shipped()[self.format]
        lengths = sum(phase.length or 0 for phase in given.phase) / MINUTE
        shorter = lengths / self.minutes if self.minutes and lengths else 1.0
        phases = tuple(_faster(_faster(phase, self.pace), shorter, LENGTHS) for phase in given.phase)
        fellowship = min(given.fellowship_minutes, FELLOWSHIP) / self.pace
        capacity = max(given.capacity, self.members + self.trolls + SEATS)
        return replace(
            _faster(given, self.pace), phase=phases, doors_minutes=0, fellowship_minutes=fellowship, capacity=capacity
        )

    @property
    def length(self) -> float:
        """Of the whole meeting, in minutes."""
        return sum(phase.length or 0 for phase in self.rules.phase) / MINUTE or 60.0


def _faster(it: STRUCT, pace: float, names: AbstractSet[str] | None = None) -> STRUCT:
    """With its fields of those names, or all that are times, divided by `pace`."""
    if names is None:
        names = {name for name in it.__struct_fields__ if name.endswith(("_seconds", "_minutes")) or name in LENGTHS}
    times = {name: getattr(it, name) for name in names & set(it.__struct_fields__)}
    return replace(it, **{name: value / pace for name, value in times.items() if value is not None})


class Company:
    """The simulated people of one meeting after the other."""

    def __init__(self, practice: Practice, link: str, host_key: str) -> None:
        self._practice = practice
        self._link = link
        self._host_key = host_key
        self._chance = Random()
        self._here: set[ParticipantId] = set()

    async def hold_a_meeting(self) -> None:
        """Come in one after the other, and stay until the meeting is over for all."""
        self._here.clear()
        practice, told = self._practice, stories(self._chance)
        members, trolls = names(WORDS.names, self._chance), names(WORDS.trolls.names, self._chance)
        host = self._chance.choice(WORDS.facilitators)
        async with asyncio.TaskGroup() as tasks:
            facilitator = Facilitator(host, self._chance, told, self._here, practice.pace)
            tasks.create_task(self._attend(facilitator, key=self._host_key))
            for _ in range(practice.members):
                tasks.create_task(self._attend(Member(next(members), self._chance, told)))
                await self._pass(self._chance.expovariate(1 / min(APART, 60 / practice.members)))
            for _ in range(practice.trolls):
                tasks.create_task(self._spoil(trolls))
                await self._pass(self._chance.uniform(5, 20))

    async def _spoil(self, names: Iterator[str]) -> None:
        """Come back under another name, as another device, whenever one is thrown out."""
        while not await self._attend(Troll(next(names), self._chance)):
            await self._pass(self._chance.uniform(15, 40))

    async def _attend(self, person: Person, key: str | None = None) -> bool:
        """Be in the meeting until it is over or one has left (true), or until one is not let in or is thrown out."""
        seat: str | None = None
        while True:
            try:
                async with connect(self._link, name=person.name, key=key, seat=seat) as room:
                    self._here.add(room.you)
                    away = await self._live(person, room)
                    seat = room.seat
                await self._pass(away)
            except Closed as closed:
                return closed.code == 1000
            except Refused as refusal:
                if refusal.code in {"ended", "no_such_room"}:
                    return True
                if refusal.code not in {"locked", "full", "denied", "too_fast", "unavailable", "not_now"}:
                    return False
                await self._pass(self._chance.uniform(8, 16))

    async def _live(self, person: Person, room: RoomClient) -> float:
        """Do what one does until the line is to be lost; for how many seconds. Raises `Closed`."""
        while True:
            await self._pass(self._chance.uniform(0.7, 1.3) * SECOND)
            if room.closed is not None:
                raise room.closed
            me = room.me
            if me is None or not room.is_connected:
                continue
            for after, deed in person.next(room.state, me, room.now()):
                if isinstance(deed, HangUp):
                    return deed.seconds
                try:
                    await self._do(room, (after, deed))
                except Refused:
                    break  # it is not possible any more; people shrug and go on

    async def _do(self, room: RoomClient, step: Step) -> None:
        after, deed = step
        if isinstance(deed, Writing):
            await room.typing(True)
            await self._pass(after)
        else:
            await self._pass(after)
            await room.ask(deed)  # type: ignore[arg-type]

    async def _pass(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._practice.pace)


async def practise(practice: Practice, listening: socket.socket, say: Callable[[str], None]) -> None:
    """Serve the practice room on that socket until SIGINT or SIGTERM; `say` is told the links."""
    host, port = listening.getsockname()[:2]
    with TemporaryDirectory(prefix="openchair-practice-") as data:
        app, stop, keys = App(_settings(data, host, port)), asyncio.Event(), new_keys()
        server, loop = app.server(), asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(server.serve([listening]))
            while not server.started and not serving.done():  # noqa: ASYNC110
                await asyncio.sleep(0.01)  # uvicorn tells nobody when it has started
            for number in (signal.SIGINT, signal.SIGTERM):  # in the place of uvicorn's own
                loop.add_signal_handler(number, stop.set)
            await _schedule_samples(app)
            await _schedule_practice(app, practice, keys, app.clock())
            links = Site(f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}").links(SLUG, keys)  # noqa: S104
            meetings = tasks.create_task(_hold_meetings(app, practice, keys, links["join"]))
            say(f"As a member:        {links['join']}")
            say(f"As the facilitator: {links['host']}")
            say("Stop with Ctrl-C.")
            await stop.wait()
            meetings.cancel()
            await asyncio.wait([meetings])  # so that nobody tries to come back to a server that stops
            server.should_exit = True


def _settings(data: str, host: str, port: int) -> Settings:
    """Everybody who is simulated comes from one address, and all at once."""
    given = {"data": data, "host": host, "port": port, "joins_per_second": 100.0, "drain_seconds": 0.2}
    return msgspec.convert(given, Settings)


async def _hold_meetings(app: App, practice: Practice, keys: Keys, link: str) -> None:
    """One after the other, under the same links. Who comes in between waits at the door."""
    company = Company(practice, link, keys.host)
    while True:
        await company.hold_a_meeting()
        now = app.clock()
        next_minute = now - now % MINUTE + MINUTE  # a room's name has the minute of its start in it
        starts_at = max(now + round(REST * 1000 / practice.pace), next_minute)
        await _schedule_practice(app, practice, keys, starts_at)
        await asyncio.sleep((starts_at - now) / 1000)
        gc.collect()  # so many clients are many circles, and the server lets the collector look at old ones seldom


async def _schedule_practice(app: App, practice: Practice, keys: Keys, starts_at: int) -> None:
    posted = Posted(
        name=f"Practice: {shipped()[practice.format].title}", timezone="UTC", minutes=practice.length, now=True,
        description="The people in this meeting are simulated, and so is what they tell. Come in and try everything.",
    )  # fmt: skip
    meeting = replace(new_meeting(posted, starts_at), format=practice.rules)
    if await app.schedule.change(SLUG, meeting, keys.kept(None)) is None:
        await app.schedule.add(SLUG, meeting, keys.kept(None))


async def _schedule_samples(app: App) -> None:
    """A week with a meeting of every shipped format."""
    for day, (name, rules) in enumerate(sorted(shipped().items())):
        posted = Posted(
            name=f"{DAYS[day % 7]} {rules.title.lower()}", timezone="UTC", minutes=Practice(name).length, day=day % 7,
            time="19:00", format=name, description="A sample, so that the schedule is not empty.",
        )  # fmt: skip
        await app.schedule.add(f"sample-{name}", new_meeting(posted, app.clock()), new_keys().kept(None))


def run(practice: Practice, listening: socket.socket, say: Callable[[str], None]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))  # both ends of every line are here
    uvloop.run(practise(practice, listening, say))

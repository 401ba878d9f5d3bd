"""The door of one room on this worker: who says hello, waits, is welcomed or turned away, and whose line has ended.

What is decided about somebody is decided by the room's rules; here it is told, and here the connections are kept.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from msgspec import UNSET, Struct

from rooms import agenda, chat, presence, safety
from rooms.view import newcomers_alike, view
from rooms.vocabulary import SERVICE, Event, ParticipantId, Refused, Role
from server.hub import Hub
from server.hub import Link as HubLink
from server.limits import Addresses, Bucket, network_of
from server.log import Position
from server.seats import new_participant
from server.stats import Outcome
from server.wire import Hello, MeetingName, Message, Snapshot, Waiting, Welcome, encode, framed, refused

if TYPE_CHECKING:
    from server.replica import Replica

# In a storm those who arrive within so many seconds are let in together, with one snapshot and one piece of news: in a
# large room within longer, for there the news costs the most, as it goes to everybody.
JOINS_APART: Final = 0.02
JOINS_APART_FOR_EACH: Final = 0.0001  # and so much longer for each participant
TYPING_APART: Final = 1000  # ms between two pieces of news that somebody is writing
OVER, FAULT, REFUSED, REMOVED, SUPERSEDED = 1000, 1011, 4001, 4003, 4009  # FAULT: come back and resume

Encoded = dict[tuple[object, bool], msgspec.Raw]
"""Snapshots that serve more than one newcomer, while they are true."""


class Link(HubLink, Protocol):
    """One connection, as the room needs it."""

    address: str
    is_closed: bool

    def send(self, *messages: Message) -> None: ...

    def close(self, code: int) -> None: ...


class Person(Struct):
    """What this worker knows of a participant, and the log does not."""

    bucket: Bucket
    link: Link | None = None
    came_at: int = 0  # when this worker last welcomed them
    typed_at: int = 0
    blink: asyncio.TimerHandle | None = None


class Arrival(Struct):
    """A `hello`, and what its secrets proved."""

    link: Link
    hello: Hello
    role: Role | None
    who: ParticipantId  # a fresh id
    seat: ParticipantId | None


class Door:
    """The people of one room who are connected to this worker, or were just now."""

    def __init__(self, replica: Replica) -> None:
        self.hub = Hub(partial(replica.world.workers.tell_of_typing, replica.id))
        self._replica = replica
        self._world = replica.world
        self._people: dict[ParticipantId, Person] = {}
        self._lobby: dict[ParticipantId, Link] = {}
        self._places: dict[Link, int] = {}  # in the waiting room, as they were told
        self._before_the_doors: dict[Link, Arrival] = {}
        self._addresses = Addresses(replica.world.settings.joins_per_second)
        self._counting: dict[Link, asyncio.Task[None]] = {}  # newcomers, while the other workers' are counted, too
        self._arrivals: list[Arrival] = []
        self._arrived_at = 0.0
        self._opening: asyncio.TimerHandle | None = None

    @property
    def is_deserted(self) -> bool:
        return not (self._people or self._lobby or self._before_the_doors or self._counting or self._arrivals)

    # What connections say

    def arrive(self, link: Link, hello: Hello) -> None:
        """Somebody said hello. They are let in, asked to wait or turned away; in a storm together with others."""
        replica, world = self._replica, self._world
        seat = world.seats.holder(replica.id, hello.seat) if hello.seat else None
        role = replica.secrets.role_for(hello.key) if hello.key else None
        arrival = Arrival(link, hello, role, new_participant(), seat)
        if seat is not None or role is not None or world.settings.is_loopback:
            self._take_up(arrival, 0)
            return
        wait = self._addresses.take(link.address, world.clock())
        network = world.seats.network_id(replica.id, network_of(link.address))
        rate = world.settings.joins_per_second
        counted = None if wait else world.workers.take_newcomer(replica.id, network, rate)
        if counted is None:
            self._take_up(arrival, wait)
        else:
            self._counting[link] = asyncio.create_task(self._when_counted(counted, arrival))

    def is_connected(self, who: ParticipantId) -> bool:
        person = self._people.get(who)
        return person is not None and person.link is not None

    @property
    def connected(self) -> list[ParticipantId]:
        return [who for who, person in self._people.items() if person.link is not None]

    def too_fast(self, link: Link) -> float | None:
        """Take one command from the budget of whoever's link it is: 0, or else the seconds to wait.

        None for a link that was not welcomed yet, or whose participant has left since.
        """
        person = self._people.get(link.who)
        if person is None or person.link is not link:
            return None
        settings = self._world.settings
        return person.bucket.take(self._world.clock(), settings.commands_per_second, settings.command_burst)

    def type(self, link: Link, on: bool) -> None:
        """A participant is writing, or has stopped. Told to the others if they may speak, at most once a second."""
        room, now = self._replica.room, self._world.clock()
        person, author = self._people.get(link.who), room.participants.get(link.who)
        if person is None or author is None or author.muted or now - person.typed_at < TYPING_APART:
            return
        if room.format.roster == "service" and author.role not in SERVICE:
            return  # members are not to know that this one is here
        try:
            chat.check_may_speak(room, author, now)
        except Refused:
            return
        person.typed_at = now
        self.hub.type(link.who, on)

    def lost(self, link: Link) -> None:
        """A connection has ended. Its participant has `blink_seconds` to come back without anybody noticing."""
        self._before_the_doors.pop(link, None)
        if self._lobby.get(link.who) is link:
            del self._lobby[link.who]
            self._replica.request(presence.Withdraw(link.who))
        self.hub.detach(link)
        person = self._people.get(link.who)
        if person is not None and person.link is link:
            person.link = None
            self._blink(link.who, person)
        if self.is_deserted:
            self._replica.look_around()  # perhaps nobody ever was here

    def taken(self, people: Sequence[ParticipantId], at: int) -> None:
        """These came in on another worker, at that time."""
        for who in people:
            person = self._people.get(who)
            if person is not None and person.came_at < at:
                self._part_with(who, SUPERSEDED)

    def look_for(self, who: ParticipantId) -> None:
        """Nobody is known to hold this participant's connection. If nobody does after a blink, they are away."""
        person = self._people.get(who)
        if person is None:
            person = self._people[who] = self._person()
        if person.link is None and person.blink is None:
            self._blink(who, person)

    def _blink(self, who: ParticipantId, person: Person) -> None:
        person.blink = asyncio.get_running_loop().call_later(
            self._world.settings.blink_seconds, self._replica.request, presence.Disconnect(who)
        )

    def _person(self) -> Person:
        return Person(Bucket(self._world.settings.command_burst, self._world.clock()))

    def _let_arrivals_in(self) -> None:
        self._arrived_at = asyncio.get_running_loop().time()
        arrivals, self._arrivals = self._arrivals, []
        self._replica.request(*arrivals)

    async def _when_counted(self, counted: Awaitable[float], arrival: Arrival) -> None:
        try:
            wait = await counted
        except Exception as error:  # a bug of ours is to keep nobody out
            self._world.metrics.tell_of_fault(error)
            wait = 0
        del self._counting[arrival.link]
        self._take_up(arrival, wait)

    def _take_up(self, arrival: Arrival, wait: float) -> None:
        """Turn away who has to wait or has not proved enough; the others come in by and by."""
        try:
            self._check(arrival, wait)
        except Refused as refusal:
            self.turn_away(arrival.link, refusal)
            return
        if not self._arrivals:
            loop = asyncio.get_running_loop()
            apart = JOINS_APART + JOINS_APART_FOR_EACH * len(self._people)
            loop.call_at(max(loop.time(), self._arrived_at + apart), self._let_arrivals_in)
        self._arrivals.append(arrival)

    def _check(self, arrival: Arrival, wait: float) -> None:
        """The address is counted before any secret is told right or wrong, so that none can be guessed at speed."""
        hello = arrival.hello
        if self._replica.is_over:
            raise Refused("ended", "This meeting is over.")
        if wait:
            raise Refused("too_fast", "Many people are coming in just now. Please try again.", wait)
        if hello.key and arrival.role is None:
            raise Refused("bad_key", "This link is not valid any more. Ask whoever manages the meeting for a new one.")
        is_known = arrival.seat is not None or arrival.role is not None
        if not is_known and not self._replica.secrets.accepts_passcode(hello.passcode):
            raise Refused("bad_passcode", "This meeting asks for a passcode.")

    # What has become true

    def receive(self, arrivals: list[tuple[Arrival, ParticipantId]], now: int, encoded: Encoded) -> None:
        """These have arrived, and what was decided about them is true: tell them where they are."""
        room = self._replica.room
        for arrival, who in arrivals:
            link = arrival.link
            if who in room.participants:
                came_back = arrival.seat == who
                missed = self._missed(arrival.hello, who) if came_back else None
                is_lost = self._is_lost(arrival.hello)
                if came_back:
                    outcome: Outcome = "lost" if is_lost else "snapshot" if missed is None else "resumed"
                    self._world.stats.resumes[outcome] += 1
                else:
                    self._world.stats.joins += 1
                self._welcome(link, who, now, encoded, missed, is_lost)
            elif who in room.lobby:
                link.who = who
                self._lobby[who] = link
                if link.is_closed:
                    self.lost(link)
            elif room.state != "ended" and not link.is_closed:
                self._ask_to_wait_for_the_doors(arrival, now)
            else:
                self.turn_away(link, Refused("ended", "This meeting is over."))
        # Whoever has hung up in the meantime may be on another worker already, and would be closed there as the older.
        here = [who for arrival, who in arrivals if who in room.participants and not arrival.link.is_closed]
        if here:
            self._world.workers.hold(self._replica.id, here)

    def see_to(self, event: Event, now: int, encoded: Encoded) -> None:
        """What an event means for the connection of whoever it is about."""
        match event:
            case presence.Joined() if (link := self._lobby.pop(event.who, None)) is not None:
                self._world.stats.joins += 1
                if event.who in self._replica.room.participants:
                    self._welcome(link, event.who, now, encoded)
                    self._world.workers.hold(self._replica.id, [event.who])
                else:  # and removed in the same breath
                    self.turn_away(link, Refused("denied", "You were not let in this time."))
            case presence.Denied() if (link := self._lobby.pop(event.who, None)) is not None:
                self.turn_away(link, Refused("denied", "You were not let in this time. You may knock again soon."))
            case agenda.Started():
                self._open_the_doors()  # for a meeting may start before their time
            case safety.Removed():
                self._part_with(event.who, REMOVED)
            case presence.Away() if self.is_connected(event.who):  # this worker was not heard of for too long
                self._replica.request(presence.Reconnect(event.who))
            case presence.Left():
                self._part_with(event.who, OVER if event.why == "left" else FAULT)

    def show_anew(self, who: ParticipantId, now: int, is_lost: bool = False) -> None:
        """A participant now sees more or less than before; or something that was told has been lost."""
        link = self.hub.links.get(who)
        if link is not None and who in self._replica.room.participants:
            at, seen = self._replica.position, view(self._replica.room, who, now)
            lost = True if is_lost else UNSET
            snapshot = Snapshot(epoch=at.epoch, seq=at.seq, tag=at.tag, now=now, room=seen, lost=lost)
            link.connection.write(framed([snapshot], link.text))

    def show_everybody_anew(self, now: int, is_lost: bool) -> None:
        """What was missed cannot be told event by event."""
        for who, link in tuple(self.hub.links.items()):
            if who in self._replica.room.participants:
                self.show_anew(who, now, is_lost)
            else:
                link.connection.close(FAULT)

    def tell_places(self, now: int) -> None:
        """Tell those in the waiting room where they stand, if that has changed."""
        if not (self._lobby or self._places):
            return
        room, before = self._replica.room, self._places
        self._places = {link: place for place, link in enumerate(self._lobby.values(), start=1)}
        for link, place in self._places.items():
            if before.get(link) != place:
                name = MeetingName(room.slug, room.name)
                link.send(Waiting(reason="admission", place=place, now=now, meeting=name))

    def turn_away(self, link: Link, refusal: Refused) -> None:
        self._world.stats.refusals[refusal.code] += 1
        link.send(refused(refusal))
        link.close({"blocked": REMOVED, "denied": REMOVED, "ended": OVER}.get(refusal.code, REFUSED))

    def send_everybody_home(self) -> None:
        for person in self._people.values():
            if person.link is not None:
                person.link.close(OVER)
        over = Refused("ended", "This meeting is over.")
        for link in [*self._lobby.values(), *self._before_the_doors, *(arrival.link for arrival in self._arrivals)]:
            self.turn_away(link, over)

    def cut(self, code: int) -> None:
        """End every connection; whoever comes back resumes."""
        for person in tuple(self._people.values()):
            if person.link is not None:
                person.link.close(code)

    def close(self) -> None:
        """Stop all timers."""
        for timer in (self._opening, *(person.blink for person in self._people.values())):
            if timer is not None:
                timer.cancel()

    def _part_with(self, who: ParticipantId, code: int) -> None:
        person = self._people.pop(who, None)
        if person is not None:
            if person.blink is not None:
                person.blink.cancel()
            if person.link is not None:
                self.hub.detach(person.link)
                person.link.close(code)

    def _ask_to_wait_for_the_doors(self, arrival: Arrival, now: int) -> None:
        room = self._replica.room
        self._before_the_doors[arrival.link] = arrival
        name = MeetingName(room.slug, room.name)
        arrival.link.send(Waiting(reason="doors", now=now, opens_at=room.doors_at, meeting=name))
        if self._opening is None:
            self._opening = self._world.call_at(room.doors_at, self._open_the_doors)

    def _open_the_doors(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        arrivals, self._before_the_doors = list(self._before_the_doors.values()), {}
        self._replica.request(*arrivals)

    def _missed(self, hello: Hello, who: ParticipantId) -> list[Event] | None:
        """What a seat that comes back has missed; None if it must have a snapshot."""
        replica = self._replica
        if (
            hello.since is None
            or hello.epoch != replica.position.epoch
            or not replica.room.may_resume(who, hello.since)
        ):
            return None
        entries = replica.history.after(hello.since)
        if entries is None or replica.history.tag_at(hello.since) != hello.tag:
            return None
        return [e.event for e in entries if replica.room.may_see(who, e.event.seq, e.audience)]

    def _is_lost(self, hello: Hello) -> bool:
        """Whether the client has seen something that is not true any more."""
        if not hello.epoch or hello.since is None:
            return False
        return not self._replica.goes_on_from(Position(hello.epoch, hello.since, hello.tag or ""))

    def _welcome(
        self, link: Link, who: ParticipantId, now: int, encoded: Encoded, missed: list[Event] | None = None,
        is_lost: bool = False,
    ) -> None:  # fmt: skip
        replica, at = self._replica, self._replica.position
        person = self._people.get(who)
        if person is None:
            person = self._people[who] = self._person()
        if person.blink is not None:
            person.blink.cancel()
            person.blink = None
        person.came_at = now
        before, person.link, link.who = person.link, link, who
        welcome = Welcome(
            you=who,
            seat=self._world.seats.seat(replica.id, who),
            role=replica.room.participants[who].role,
            epoch=at.epoch,
            seq=at.seq,
            tag=at.tag,
            now=now,
            last=replica.last_command(who),
            resumed=missed is not None,
            lost=True if is_lost else UNSET,
        )
        if missed is None:
            welcome.room = self._snapshot(who, now, link.text, encoded)
        self.hub.attach(link)
        link.connection.write(framed([welcome], link.text) + (framed(missed, link.text) if missed else b""))
        if before is not None and before is not link:
            before.close(SUPERSEDED)
        if link.is_closed:
            self.lost(link)

    def _snapshot(self, who: ParticipantId, now: int, text: bool, encoded: Encoded) -> msgspec.Raw:
        alike = newcomers_alike(self._replica.room, who)
        snapshot = None if alike is None else encoded.get((alike, text))
        if snapshot is None:
            snapshot = msgspec.Raw(encode(view(self._replica.room, who, now), text))
            if alike is not None:
                encoded[alike, text] = snapshot
        return snapshot

"""A replica: this worker's copy of a room. It follows the log, carries out commands, meets deadlines.

One task for each room. What has come in while it was away is decided one after the other on the evolving state,
appended as one batch, and published once. Whoever arrives waits in the same line, so nobody sees what is not yet true.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from typing import Final, Protocol

import msgspec
import structlog
from msgspec import Struct, field

from config.settings import Settings
from rooms import agenda, chat, presence, safety
from rooms.room import Room, decide, evolve, next_deadline
from rooms.view import audience, newcomers_alike, view
from rooms.vocabulary import Command, Event, ParticipantId, Refused, Request, Role, RoomId, Tick
from server.clock import Clock
from server.hub import Hub
from server.hub import Link as HubLink
from server.limits import Addresses, Bucket
from server.log import Batch, Conflict, Entry, Log, Position, TooOld, Unavailable, Window, next_tag
from server.schedule.meetings import Occurrence
from server.seats import Seats, device_id, new_participant
from server.stats import Metrics, Stats
from server.wire import Ack, Hello, MeetingName, Message, Snapshot, Waiting, Welcome, encode, framed, refused

JOINS_APART: Final = 0.02  # seconds; in a storm those who arrive within are let in together, with one snapshot
TYPING_APART: Final = 1000  # ms between two pieces of news that somebody is writing
LONGEST_TIMER: Final = 24 * 3600.0  # seconds; longer waits are taken in steps
OVER, REFUSED, REMOVED, SUPERSEDED, FAULT = 1000, 4001, 4003, 4009, 1011

SORRY: Final = Refused("unavailable", "The meeting cannot be reached just now. Please try again.", 1.0)

log = structlog.get_logger("openchair.replica")

_decode_room: Final = msgspec.msgpack.Decoder(Room).decode
_encode_room: Final = msgspec.msgpack.Encoder().encode


class Link(HubLink, Protocol):
    """One connection, as the replica needs it."""

    address: str
    is_closed: bool

    def send(self, *messages: Message) -> None: ...

    def close(self, code: int) -> None: ...


class World(Struct, frozen=True):
    """What a replica touches besides its room."""

    settings: Settings
    clock: Clock
    log: Log
    seats: Seats
    stats: Stats
    metrics: Metrics
    ended: Callable[[RoomId], Awaitable[None]]  # remembers that the occurrence is over
    finished: Callable[["Replica"], None]  # forgets the replica


class Person(Struct):
    """What this worker knows of a participant, and the log does not."""

    window: Window
    bucket: Bucket
    link: Link | None = None
    typed_at: int = 0
    blink: asyncio.TimerHandle | None = None


class Ask(Struct):
    """A command from the wire."""

    link: Link
    command: Command


class Arrival(Struct):
    """A `hello`, and what its secrets proved."""

    link: Link
    hello: Hello
    role: Role | None
    who: ParticipantId  # a fresh id
    seat: ParticipantId | None


class Draft(Struct):
    """What is decided, and not yet true."""

    expected: int
    serving: frozenset[ParticipantId]
    entries: list[Entry] = field(default_factory=list)
    commands: list[tuple[ParticipantId, int]] = field(default_factory=list)
    forget: list[int] = field(default_factory=list)
    answers: dict[HubLink, list[Message]] = field(default_factory=dict)
    arrived: list[tuple[Arrival, ParticipantId]] = field(default_factory=list)
    turned_away: list[tuple[Arrival, Refused]] = field(default_factory=list)


class Replica:
    """The room of one occurrence, on this worker."""

    def __init__(self, occurrence: Occurrence, world: World) -> None:
        self.occurrence = occurrence
        self.id: RoomId = occurrence.room
        self.room = Room()
        self.hub = Hub()
        self.is_over = False
        self._world = world
        self._position = Position("", 0, "")
        self._saved = 0
        self._is_stale = True
        self._windows: dict[ParticipantId, Window] = {}
        self._people: dict[ParticipantId, Person] = {}
        self._lobby: dict[ParticipantId, Link] = {}
        self._at_the_doors: dict[Link, Arrival] = {}
        self._addresses = Addresses(world.settings.joins_per_second)
        self._inbox: list[Ask | Arrival | Request] = []
        self._arrivals: list[Arrival] = []
        self._arrived_at = 0.0
        self._wake = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._armed_for = -1  # the version of the state that the timer was armed for
        self._doors: asyncio.TimerHandle | None = None

    # What connections ask; none of it waits

    def arrive(self, link: Link, hello: Hello) -> None:
        """Somebody said hello. They are let in, asked to wait or turned away; in a storm together with others."""
        try:
            arrival = self._proved(link, hello)
        except Refused as refusal:
            self._turn_away(link, refusal)
            return
        if not self._arrivals:
            loop = asyncio.get_running_loop()
            loop.call_at(max(loop.time(), self._arrived_at + JOINS_APART), self._let_arrivals_in)
        self._arrivals.append(arrival)

    def ask(self, link: Link, command: Command) -> None:
        """A participant's command. Answered with an `ack` or a `refused`."""
        self._submit(Ask(link, command))

    def is_in(self, link: Link) -> bool:
        """Whether it has been welcomed, and its participant has not left since."""
        person = self._people.get(link.who)
        return person is not None and person.link is link

    def too_fast(self, link: Link) -> float:
        """Take one command from the budget of somebody who `is_in`: 0, or else the seconds to wait."""
        settings = self._world.settings
        bucket = self._people[link.who].bucket
        return bucket.take(self._world.clock(), settings.commands_per_second, settings.command_burst)

    def type(self, link: Link, on: bool) -> None:
        """A participant is writing, or has stopped. Told to the others if they may speak, at most once a second."""
        now, person = self._world.clock(), self._people.get(link.who)
        author = self.room.participants.get(link.who)
        if person is None or author is None or author.muted or now - person.typed_at < TYPING_APART:
            return
        try:
            chat.check_may_speak(self.room, author, now)
        except Refused:
            return
        person.typed_at = now
        self.hub.type(link.who, on)

    def lost(self, link: Link) -> None:
        """A connection has ended. Its participant has `blink_seconds` to come back without anybody noticing."""
        self._at_the_doors.pop(link, None)
        if self._lobby.get(link.who) is link:
            del self._lobby[link.who]
            self._submit(presence.Withdraw(link.who))
        self.hub.detach(link)
        person = self._people.get(link.who)
        if person is not None and person.link is link:
            person.link = None
            if link.who in self.room.participants:
                self._start_to_blink(link.who, person)
        if not self._people and not self._lobby and not self._at_the_doors and not self._arrivals:
            self._wake.set()  # perhaps nobody ever was here

    def request(self, request: Request) -> None:
        """Something that the server itself asks of the room."""
        self._submit(request)

    def _submit(self, item: Ask | Arrival | Request) -> None:
        self._inbox.append(item)
        self._wake.set()

    def _let_arrivals_in(self) -> None:
        self._arrived_at = asyncio.get_running_loop().time()
        self._inbox += self._arrivals
        self._arrivals = []
        self._wake.set()

    def _proved(self, link: Link, hello: Hello) -> Arrival:
        """Look at the secrets, after counting the address, so that they cannot be guessed at speed."""
        if self.is_over:
            raise Refused("ended", "This meeting is over.")
        secrets = self.occurrence.secrets
        seat = self._world.seats.holder(self.id, hello.seat) if hello.seat else None
        role = secrets.role_for(hello.key) if hello.key else None
        if seat is None and role is None and not self._world.settings.is_loopback:
            wait = self._addresses.take(link.address, self._world.clock())
            if wait:
                raise Refused("too_fast", "Many people are coming in just now. Please try again.", wait)
        if hello.key and role is None:
            raise Refused("bad_key", "This link is not valid any more. Ask whoever manages the meeting for a new one.")
        if seat is None and role is None and not secrets.accepts_passcode(hello.passcode):
            raise Refused("bad_passcode", "This meeting asks for a passcode.")
        return Arrival(link, hello, role, new_participant(), seat)

    def _start_to_blink(self, who: ParticipantId, person: Person) -> None:
        person.blink = asyncio.get_running_loop().call_later(
            self._world.settings.blink_seconds, self._submit, presence.Disconnect(who)
        )

    # The one task

    async def run(self) -> None:
        """Live until the room is over, or until it turns out that nobody came."""
        try:
            while not self.is_over:
                await self._wake.wait()
                self._wake.clear()
                inbox, self._inbox = self._inbox, []
                try:
                    await self._carry_out(inbox)
                except Exception as error:
                    self._fail(inbox, error)
                if self._nobody_ever_came():
                    break
        finally:
            await self._finish()

    async def _carry_out(self, inbox: list[Ask | Arrival | Request]) -> None:
        if self._is_stale:
            await self._reload()
        while True:
            now = max(self._world.clock(), self.room.at)
            draft = Draft(self.room.version, frozenset(self.room.service))
            if not self.room.id:
                self._open(draft, now)
            for item in inbox:
                self._decide(draft, item, now)
            try:
                if draft.entries or draft.commands:
                    await self._append(draft)
                break
            except Conflict:
                self._world.stats.conflicts += 1
                await self._reload()
        await self._publish(draft, now)
        self._arm()

    async def _append(self, draft: Draft) -> None:
        batch = Batch(draft.entries, draft.expected, draft.commands, draft.forget)
        self._position = await self._world.log.append(self.id, batch)
        stats = self._world.stats
        stats.batches += 1
        stats.events += len(draft.entries)
        stats.commands += len(draft.commands)
        for who, command in draft.commands:
            self._people[who].window.add(command)
        seq = self._position.seq
        if seq - self._saved >= self._world.settings.room_events or any(at <= self._saved for at in draft.forget):
            await self._world.log.save(self.id, _encode_room(self.room), seq)
            self._saved = seq

    async def _reload(self) -> None:
        """Make the state anew from the log."""
        loaded = await self._world.log.load(self.id)
        room = Room() if loaded.snapshot is None else _decode_room(loaded.snapshot)
        self._saved = room.seq
        for entry in loaded.entries:
            evolve(room, entry.event)
        self.room, self._position, self._windows = room, loaded.position, loaded.windows
        self._armed_for = -1
        self._is_stale = False

    # Deciding

    def _open(self, draft: Draft, now: int) -> None:
        it, settings = self.occurrence, self._world.settings
        limits = agenda.Limits(
            participants=settings.room_participants,
            lobby=settings.room_lobby,
            hands=settings.room_hands,
            messages=settings.room_messages,
        )
        ask = agenda.Open(
            it.room, it.slug, it.name, it.timezone, it.format, it.starts_at, it.ends_at, it.waits_for_start, limits
        )
        self._apply(draft, decide(self.room, ask, None, now))

    def _decide(self, draft: Draft, item: Ask | Arrival | Request, now: int) -> None:
        if isinstance(item, Ask):
            self._decide_command(draft, item, now)
        elif isinstance(item, Arrival):
            self._decide_arrival(draft, item, now)
        else:
            person = self._people.get(item.who) if isinstance(item, presence.Disconnect) else None
            if person is None or person.link is None:  # else they are back in the meantime
                self._apply(draft, decide(self.room, item, None, now), now)

    def _decide_command(self, draft: Draft, ask: Ask, now: int) -> None:
        link, command = ask.link, ask.command
        who, person = link.who, self._people.get(link.who)
        if person is None or who not in self.room.participants:
            return  # removed or gone in the meantime: the connection is closing
        carried_out = (who, command.id) in draft.commands or person.window.has(command.id)
        try:
            if carried_out is None:
                raise Refused("bad_message", "The command's id is too far behind.")
            if carried_out:
                self._world.stats.repeated += 1
            else:
                events = self._rule(command, who, now)
                draft.commands.append((who, command.id))
                for event in events:
                    draft.forget += chat.forgotten_by(self.room, event)
                self._apply(draft, events, now)
            ack = Ack(id=command.id, seq=self.room.seq)
            draft.answers.setdefault(link, []).append(ack)
        except Refused as refusal:
            self._world.stats.refusals[refusal.code] += 1
            draft.answers.setdefault(link, []).append(refused(refusal, command.id))

    def _decide_arrival(self, draft: Draft, arrival: Arrival, now: int) -> None:
        hello, link = arrival.hello, arrival.link
        if link.is_closed:
            return
        device = device_id(self.id, hello.device)
        join = presence.Join(arrival.who, arrival.seat, hello.name, arrival.role, device)
        try:
            self._apply(draft, self._rule(join, None, now), now)
        except Refused as refusal:
            draft.turned_away.append((arrival, refusal))
            return
        who = arrival.seat if arrival.seat in self.room.participants else arrival.who
        draft.arrived.append((arrival, who))

    def _rule(self, command: Command | Request, by: ParticipantId | None, now: int) -> list[Event]:
        """`decide`; a bug in a rule costs an answer, and nobody else anything, for rules change nothing."""
        try:
            return decide(self.room, command, by, now)
        except Refused:
            raise
        except Exception as error:
            self._tell_of_fault(error)
            raise SORRY from None

    def _apply(self, draft: Draft, events: list[Event], now: int | None = None) -> None:
        """Number the events and evolve the room; then, given `now`, all that the room itself has to say to that."""
        moved = False
        for event in events:
            event.tag = next_tag(self.room.tag, event)
            event.seq = self.room.seq + 1
            draft.entries.append(Entry(event, audience(self.room, event)))
            evolve(self.room, event)
            moved = moved or event.moves
        if moved and now is not None:
            while consequences := decide(self.room, Tick(), None, now):
                self._apply(draft, consequences)

    # Telling

    async def _publish(self, draft: Draft, now: int) -> None:
        self.hub.publish(self.room, draft.entries, draft.answers)
        for entry in draft.entries:
            self._see_to(entry.event)
        for who in draft.serving ^ self.room.service.keys():
            if (link := self.hub.links.get(who)) is not None and who in self.room.participants:
                at = self._position
                link.write(
                    framed(
                        [Snapshot(epoch=at.epoch, seq=at.seq, tag=at.tag, now=now, room=view(self.room, who, now))],
                        link.text,
                    )
                )
        for arrival, refusal in draft.turned_away:
            self._turn_away(arrival.link, refusal)
        snapshots: dict[tuple[object, bool], msgspec.Raw] = {}
        for arrival, who in draft.arrived:
            await self._receive(arrival, who, now, snapshots)
        if self.room.state == "ended":
            self._send_everybody_home()
        elif any(isinstance(entry.event, presence.Joined | presence.Denied | presence.Left) for entry in draft.entries):
            self._tell_places(now)

    def _see_to(self, event: Event) -> None:
        """What an event means for its participant's connection."""
        match event:
            case presence.Joined() if (link := self._lobby.pop(event.who, None)) is not None:
                arrival = Arrival(link, Hello(), None, event.who, None)
                self._welcome(arrival, event.who, self._world.clock(), {})
            case presence.Denied() if (link := self._lobby.pop(event.who, None)) is not None:
                self._turn_away(link, Refused("denied", "You were not let in this time. You may knock again soon."))
            case safety.Removed():
                self._part_with(event.who, REMOVED)
            case presence.Left():
                if event.why == "gone" and (person := self._people.get(event.who)) is not None:
                    self._windows[event.who] = person.window  # the seat may still come back
                self._part_with(event.who, OVER)

    def _part_with(self, who: ParticipantId, code: int) -> None:
        person = self._people.pop(who, None)
        if person is not None:
            if person.blink is not None:
                person.blink.cancel()
            if person.link is not None:
                self.hub.detach(person.link)
                person.link.close(code)

    async def _receive(
        self, arrival: Arrival, who: ParticipantId, now: int, snapshots: dict[tuple[object, bool], msgspec.Raw]
    ) -> None:
        """Somebody has arrived, and what was decided about it is true: tell them where they are."""
        link = arrival.link
        if who in self.room.participants:
            missed = await self._missed(arrival.hello, who) if arrival.seat == who else None
            self._welcome(arrival, who, now, snapshots, missed)
        elif who in self.room.lobby:
            link.who = who
            self._lobby[who] = link
            if link.is_closed:
                self.lost(link)
            else:
                self._send_waiting(link, len(self._lobby), now)
        elif self.room.state != "ended":
            self._at_the_doors[link] = arrival
            name = MeetingName(self.room.slug, self.room.name)
            link.send(Waiting(reason="doors", now=now, opens_at=self.room.doors_at, meeting=name))
            if self._doors is None:
                self._doors = self._call_at(self.room.doors_at, self._open_the_doors)

    async def _missed(self, hello: Hello, who: ParticipantId) -> list[Event] | None:
        """What a seat that comes back has missed; None if it must have a snapshot."""
        if hello.since is None or hello.epoch != self._position.epoch or not self.room.may_resume(who, hello.since):
            return None
        try:
            if await self._world.log.tag_at(self.id, hello.since) != hello.tag:
                return None
            entries = await self._world.log.read(self.id, hello.since)
        except TooOld:
            return None
        return [e.event for e in entries if self.room.may_see(who, e.event.seq, e.audience)]

    def _welcome(
        self,
        arrival: Arrival,
        who: ParticipantId,
        now: int,
        snapshots: dict[tuple[object, bool], msgspec.Raw],
        missed: list[Event] | None = None,
    ) -> None:
        link, at = arrival.link, self._position
        person = self._people.get(who)
        if person is None:
            burst = self._world.settings.command_burst
            person = self._people[who] = Person(self._windows.pop(who, Window()), Bucket(burst, now))
        if person.blink is not None:
            person.blink.cancel()
            person.blink = None
        before, person.link, link.who = person.link, link, who
        welcome = Welcome(
            you=who,
            seat=self._world.seats.seat(self.id, who),
            role=self.room.participants[who].role,
            epoch=at.epoch,
            seq=at.seq,
            tag=at.tag,
            now=now,
            last=person.window.last,
            resumed=missed is not None,
        )
        if arrival.seat == who:
            self._world.stats.resumes["snapshot" if missed is None else "resumed"] += 1
        else:
            self._world.stats.joins += 1
        if missed is None:
            welcome.room = self._snapshot(who, now, link.text, snapshots)
        self.hub.attach(link)
        link.write(framed([welcome], link.text) + (framed(missed, link.text) if missed else b""))
        if before is not None and before is not link:
            before.close(SUPERSEDED)
        if link.is_closed:
            self.lost(link)

    def _snapshot(
        self, who: ParticipantId, now: int, text: bool, snapshots: dict[tuple[object, bool], msgspec.Raw]
    ) -> msgspec.Raw:
        alike = newcomers_alike(self.room, who)
        snapshot = None if alike is None else snapshots.get((alike, text))
        if snapshot is None:
            snapshot = msgspec.Raw(encode(view(self.room, who, now), text))
            if alike is not None:
                snapshots[alike, text] = snapshot
        return snapshot

    def _tell_places(self, now: int) -> None:
        for place, link in enumerate(self._lobby.values(), start=1):
            self._send_waiting(link, place, now)

    def _send_waiting(self, link: Link, place: int, now: int) -> None:
        name = MeetingName(self.room.slug, self.room.name)
        link.send(Waiting(reason="admission", place=place, now=now, meeting=name))

    def _turn_away(self, link: Link, refusal: Refused) -> None:
        self._world.stats.refusals[refusal.code] += 1
        link.send(refused(refusal))
        link.close({"blocked": REMOVED, "denied": REMOVED, "ended": OVER}.get(refusal.code, REFUSED))

    def _open_the_doors(self) -> None:
        self._doors = None
        waiting, self._at_the_doors = list(self._at_the_doors.values()), {}
        self._inbox += waiting
        self._wake.set()

    # Deadlines

    def _arm(self) -> None:
        """One timer for the room's next deadline."""
        if self._armed_for == self.room.version:
            return
        self._armed_for = self.room.version
        if self._deadline is not None:
            self._deadline.cancel()
        deadline = next_deadline(self.room)
        self._deadline = None if deadline is None else self._call_at(deadline, self._meet, deadline)

    def _call_at(self, at: int, callback: Callable[..., object], *args: object) -> asyncio.TimerHandle:
        seconds = min(max(0, at - self._world.clock() + 1) / 1000, LONGEST_TIMER)
        return asyncio.get_running_loop().call_later(seconds, callback, *args)

    def _meet(self, deadline: int) -> None:
        self._armed_for = -1
        if (late := self._world.clock() - deadline) >= 0:
            self._world.metrics.lateness.observe(late / 1000)
        self._submit(Tick())

    # The end

    def _nobody_ever_came(self) -> bool:
        nobody = not (self._people or self._lobby or self._at_the_doors or self._arrivals or self._inbox)
        untouched = self.room.state == "doors" and not self.room.participants and not self.room.gone
        return nobody and untouched and not self.room.blocked and not self.room.denied

    def _send_everybody_home(self) -> None:
        self.is_over = True
        for person in self._people.values():
            if person.link is not None:
                person.link.close(OVER)
        over = Refused("ended", "This meeting is over.")
        for link in [*self._lobby.values(), *self._at_the_doors]:
            self._turn_away(link, over)
        for item in [*self._inbox, *self._arrivals]:
            if isinstance(item, Arrival):
                self._turn_away(item.link, over)

    def _fail(self, inbox: list[Ask | Arrival | Request], error: Exception) -> None:
        """The log is away, or there is a bug: nobody loses more than an answer, and the state is read again."""
        self._is_stale = True
        if isinstance(error, Unavailable):
            self._world.stats.unavailable += 1
        else:
            self._tell_of_fault(error)
        for item in inbox:
            if isinstance(item, Ask):
                item.link.send(refused(SORRY, item.command.id))
            elif isinstance(item, Arrival):
                self._turn_away(item.link, SORRY)

    def _tell_of_fault(self, error: Exception) -> None:
        """Where it happened, and nothing of what was said."""
        self._world.stats.faults += 1
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("fault", error=type(error).__name__, file=where.filename, line=where.lineno)

    async def _finish(self) -> None:
        for timer in (self._deadline, self._doors, *(person.blink for person in self._people.values())):
            if timer is not None:
                timer.cancel()
        ended, untouched = self.room.state == "ended", not self.room.participants
        if ended:
            await self._world.ended(self.id)  # first: until then whoever comes hears that it is over
        self._world.finished(self)
        if ended or untouched:
            await self._world.log.wipe(self.id)

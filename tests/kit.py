"""The cast, builders and `given`: what the tests of the rules are told with.

`happens` does what the server does with decided events: it numbers them, asks who may see them, and evolves the room.
"""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from rooms.agenda import Open, Start
from rooms.chat import Said, Say
from rooms.floor import Begin, Call, RaiseHand
from rooms.formats import Format, Phase
from rooms.presence import AddPerson, Disconnect, Join
from rooms.room import AnyEvent, Room, decide, evolve, next_deadline
from rooms.view import RoomView, audience, view
from rooms.vocabulary import (
    Audience,
    Code,
    Command,
    Event,
    MessageId,
    ParticipantId,
    Refused,
    Request,
    Role,
    RoomId,
    Tick,
)

E = TypeVar("E", bound=Event)

ALICE, BOB, CHARLIE, DORA, EVE = (ParticipantId(name) for name in ("alice", "bob", "charlie", "dora", "eve"))
FAY, COLIN, TIM, GRETA = (ParticipantId(name) for name in ("fay", "colin", "tim", "greta"))
TEAM: dict[ParticipantId, Role] = {FAY: "facilitator", COLIN: "facilitator", TIM: "timekeeper", GRETA: "greeter"}

NOON = 1_800_000_000_000  # when the cast's meeting starts, in ms
MINUTE = 60_000
SECOND = 1_000

A_ROUND = Phase(kind="round", title="Sharing", minutes=30)


@dataclass
class Meeting:
    """A room with its log and a clock that moves when told."""

    room: Room = field(default_factory=Room)
    now: int = NOON - 15 * MINUTE
    log: list[tuple[Event, Audience]] = field(default_factory=list)
    commands: int = 0

    def happens(self, events: list[Event]) -> list[Event]:
        for event in events:
            event.seq = self.room.seq + 1
            event.tag = f"{event.seq:08x}"
            self.log.append((event, audience(self.room, event)))
            evolve(self.room, event)
        return events

    def ask(self, command: Command | Request, by: ParticipantId | None = None) -> list[Event]:
        """Carry out one command, and then all that the room itself has to say. Raises `Refused`."""
        if isinstance(command, Command):
            self.commands += 1
            command = msgspec.structs.replace(command, id=self.commands)
        return self.happens(decide(self.room, command, by, self.now)) + self.settle()

    def refuses(self, command: Command | Request, by: ParticipantId | None = None) -> Code:
        """The code of the refusal that this gets; nothing has changed by it."""
        before = msgspec.msgpack.encode(self.room)
        try:
            events = decide(self.room, command, by, self.now)
        except Refused as refusal:
            assert msgspec.msgpack.encode(self.room) == before, "a refusal changed something"
            return refusal.code
        raise AssertionError(f"not refused: {named(events)}")

    def settle(self) -> list[Event]:
        events: list[Event] = []
        while told := self.happens(decide(self.room, Tick(), None, self.now)):
            events += told
            assert len(events) < 10_000, "the room never comes to rest"
        return events

    def wait(self, milliseconds: int) -> list[Event]:
        """Time passes; every deadline on the way is met at its moment."""
        until, events = self.now + milliseconds, list[Event]()
        while (deadline := next_deadline(self.room)) is not None and deadline <= until:
            self.now = max(self.now, deadline)
            events += self.settle()
        self.now = until
        return events

    def join(self, *people: ParticipantId) -> list[Event]:
        """They come in by their names, the service team with their role keys."""
        asks = [Join(who=who, name=who.title(), role=TEAM.get(who)) for who in people]
        return [event for ask in asks for event in self.ask(ask)]

    def goes_away(self, *people: ParticipantId) -> list[Event]:
        """Their lines are down for longer than a blink."""
        return [event for who in people for event in self.ask(Disconnect(who))]

    def comes_back(self, who: ParticipantId, **shown: Any) -> list[Event]:
        """With the seat, and whatever else is shown at the door; to whoever has left the seat is nobody's."""
        seat = who if who in self.room.participants or who in self.room.gone or who in self.room.blocked else None
        return self.ask(Join(who=who, seat=seat, **shown))

    def add_person(self, name: str, by: ParticipantId = GRETA) -> ParticipantId:
        """A participant without a device."""
        self.ask(AddPerson(name=name), by)
        return ParticipantId(f"{by}-{self.commands}")

    def says(self, who: ParticipantId, text: str = "Good evening.", to: str = "everyone") -> MessageId:
        """The id of what was said."""
        return the(Said, self.ask(Say(text=text, to=to), who)).message

    def shares(self, who: ParticipantId) -> None:
        """`who` raises a hand, is called by Fay and begins."""
        self.ask(RaiseHand(), who)
        self.ask(Call(who=who), FAY)
        self.ask(Begin(), who)

    @property
    def queue(self) -> list[ParticipantId]:
        return [hand.who for hand in self.room.queue.hands]

    def view(self, who: ParticipantId) -> RoomView:
        return view(self.room, who, self.now)

    def replayed(self) -> Room:
        """A second room made of the log, as it comes back from the wire."""
        room = Room()
        for event, _ in self.log:
            evolve(room, msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=AnyEvent))
        return room


def a_meeting(*phases: Phase, minutes: float = 60, **rules: Any) -> Meeting:
    """A meeting whose doors have just opened, with nobody in it. `rules` are those of its format."""
    meeting = Meeting()
    format_ = msgspec.convert({"phase": phases or (A_ROUND,), "doors_minutes": 15, **rules}, Format)
    starts_at, ends_at = NOON, NOON + round(minutes * MINUTE)
    meeting.ask(Open(RoomId("circle.1"), "circle", "A circle", "UTC", format_, starts_at, ends_at))
    return meeting


def a_round(*people: ParticipantId, phase: Phase = A_ROUND, **rules: Any) -> Meeting:
    """A meeting in its first phase, with Fay facilitating and `people` in it."""
    meeting = a_meeting(phase, **rules)
    meeting.join(FAY, *people)
    meeting.now = NOON
    meeting.ask(Start(), FAY)
    return meeting


def a_share(who: ParticipantId, *others: ParticipantId, phase: Phase = A_ROUND, **rules: Any) -> Meeting:
    """A round in which `who` has just begun to share."""
    meeting = a_round(who, *others, phase=phase, **rules)
    meeting.shares(who)
    return meeting


def a_phase(**rules: Any) -> Phase:
    """The usual round, with other rules."""
    return msgspec.structs.replace(A_ROUND, **rules)


def the(kind: type[E], events: list[Event]) -> E:
    """The only event of that kind."""
    (event,) = (event for event in events if isinstance(event, kind))
    return event


def named(events: list[Event]) -> list[str]:
    """The events' types as the wire has them."""
    return [event.__struct_config__.tag for event in events]  # type: ignore[misc]

"""The simulated people of the practice room: whole meetings of them, by the rules alone and a clock that is told."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client.practice.meeting import Practice
from client.practice.people import Deed, Facilitator, HangUp, Member, Person, Step, Troll, names, stories
from config.formats import shipped
from rooms.agenda import Open, PhaseBegan
from rooms.chat import Said
from rooms.floor import Began, Shared, ShareEnded
from rooms.presence import Disconnect, HandOver, Join, Leave
from rooms.room import Room
from rooms.safety import QuietRoom, Removed
from rooms.vocabulary import Command, ParticipantId, Refused, RoomId
from tests.kit import COLIN, FAY, MINUTE, NOON, SECOND, TEAM, E, Meeting

FORMATS = sorted(shipped())
FORMAT = st.sampled_from(FORMATS)
SEED = st.integers(0, 2**32)


class Rehearsal:
    """A meeting, those who are simulated in it, and what they are about to do."""

    def __init__(self, format_: str, seed: int = 1, members: int = 8, trolls: int = 0) -> None:
        practice = Practice(format_, members, trolls)
        self.meeting = Meeting(now=NOON)
        self.meeting.ask(
            Open(
                RoomId("practice.1"), "practice", "Practice", "UTC", practice.rules, NOON,
                NOON + round(practice.length * MINUTE), waits_for_start=True,
            )
        )  # fmt: skip
        chance = Random(seed)
        told, company = stories(chance), set[ParticipantId]()
        self.people: dict[ParticipantId, Person] = {FAY: Facilitator("Fay", chance, told, company, 1.0)}
        self.people |= {ParticipantId(f"member{n}"): Member(f"Member {n}", chance, told) for n in range(members)}
        self.people |= {ParticipantId(f"troll{n}"): Troll(f"Troll {n}", chance) for n in range(trolls)}
        company.update(self.people)
        for who in self.people:
            self.comes(who)
        self.plans: dict[ParticipantId, list[Step]] = {}
        self.due: dict[ParticipantId, int] = {}
        self.asked = self.refused = 0

    @property
    def room(self) -> Room:
        return self.meeting.room

    def comes(self, who: ParticipantId, seat: ParticipantId | None = None) -> None:
        self.meeting.ask(Join(who=who, seat=seat, name=who.title(), role=TEAM.get(who)))

    def told(self, kind: type[E]) -> list[E]:
        return [event for event, _ in self.meeting.log if isinstance(event, kind)]

    def goes_on(self, minutes: float) -> None:
        until = self.meeting.now + minutes * MINUTE
        while self.meeting.now < until and self.room.state != "ended":
            self.meeting.wait(SECOND)
            for who in tuple(self.people):
                self._lives(who)

    def _lives(self, who: ParticipantId) -> None:
        me, now = self.room.participants.get(who), self.meeting.now
        if me is None or self.room.state == "ended" or now < self.due.get(who, 0):
            return
        if me.presence == "away":
            self.comes(who, seat=who)
        if plan := self.plans.get(who):
            self._does(who, plan.pop(0)[1])
        else:
            plan = self.plans[who] = list(self.people[who].next(self.room, me, now))
        if plan:
            self.due[who] = now + round(plan[0][0] * SECOND)

    def _does(self, who: ParticipantId, deed: Deed) -> None:
        if isinstance(deed, HangUp):
            self.meeting.ask(Disconnect(who))
            self.due[who] = self.meeting.now + round(deed.seconds * SECOND)
        elif isinstance(deed, Command):
            self.asked += 1
            try:
                self.meeting.ask(deed, who)
            except Refused:
                self.refused += 1


@settings(max_examples=10, deadline=None)
@given(format_=FORMAT, seed=SEED, members=st.integers(1, 40), trolls=st.integers(0, 3))
def test_every_meeting_comes_to_its_end(format_: str, seed: int, members: int, trolls: int) -> None:
    rehearsal = Rehearsal(format_, seed, members, trolls)
    length = sum(phase.length or 0 for phase in rehearsal.room.format.phase) / MINUTE
    rehearsal.goes_on(1.3 * length)
    assert rehearsal.room.state == "ended"
    assert len(rehearsal.told(PhaseBegan)) == len(rehearsal.room.format.phase), "and through all its phases"


@settings(max_examples=10, deadline=None)
@given(format_=FORMAT, seed=SEED)
def test_whoever_has_the_floor_says_something_and_gives_it_up(format_: str, seed: int) -> None:
    rehearsal = Rehearsal(format_, seed, members=12)
    rehearsal.goes_on(120)
    assert {event.share for event in rehearsal.told(Began)} == {event.share for event in rehearsal.told(Shared)}
    ended = Counter(event.why for event in rehearsal.told(ShareEnded))
    assert ended["done"] >= 4
    assert rehearsal.refused < 0.2 * rehearsal.asked, "people rarely try what is not possible"


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_chance_makes_the_same_meeting(format_: str) -> None:
    one, other = (Rehearsal(format_, seed=7, trolls=1) for _ in range(2))
    one.goes_on(30)
    other.goes_on(30)
    assert one.meeting.log == other.meeting.log


def test_the_simulated_facilitator_sees_trolls_out() -> None:
    rehearsal = Rehearsal("discussion", trolls=3)
    rehearsal.goes_on(30)
    assert {event.who for event in rehearsal.told(Removed)} == {"troll0", "troll1", "troll2"}


def a_host_takes_the_chair() -> Rehearsal:
    rehearsal = Rehearsal("discussion")
    rehearsal.goes_on(5)
    rehearsal.comes(COLIN)
    rehearsal.goes_on(0.5)
    assert rehearsal.room.facilitator == COLIN
    return rehearsal


def test_a_host_is_given_the_chair_and_nobody_else_leads() -> None:
    rehearsal = a_host_takes_the_chair()
    before = len(rehearsal.told(PhaseBegan))
    rehearsal.goes_on(60)
    assert rehearsal.room.facilitator == COLIN
    assert len(rehearsal.told(PhaseBegan)) == before


@pytest.mark.parametrize("gives_it_back", [Leave(), Disconnect(COLIN), HandOver(who=FAY)])
def test_the_simulated_facilitator_carries_on_when_the_host_has_gone(gives_it_back: Command | Disconnect) -> None:
    rehearsal = a_host_takes_the_chair()
    rehearsal.meeting.ask(gives_it_back, None if isinstance(gives_it_back, Disconnect) else COLIN)
    rehearsal.goes_on(120)
    assert rehearsal.room.facilitator in {FAY, None}
    assert rehearsal.room.state == "ended"


def test_a_quiet_room_stays_quiet_until_the_host_ends_that() -> None:
    rehearsal = Rehearsal("discussion", members=12, trolls=3)
    rehearsal.goes_on(2)
    rehearsal.comes(COLIN)
    rehearsal.goes_on(0.5)
    rehearsal.meeting.ask(QuietRoom(), COLIN)
    messages, phases = len(rehearsal.told(Said)), len(rehearsal.told(PhaseBegan))
    rehearsal.goes_on(10)
    assert rehearsal.room.is_quiet
    assert all(event.by == FAY for event in rehearsal.told(Said)[messages:])
    assert len(rehearsal.told(PhaseBegan)) == phases


def test_there_are_names_for_everybody() -> None:
    made = names(("Ada", "Bob"), Random(1))
    assert sorted(next(made) for _ in range(4)) == ["Ada", "Ada 2", "Bob", "Bob 2"]

"""How the simulated people behave. Pure: what each does next follows from the room, the time and a source of chance."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from random import Random
from typing import Final

from msgspec import Struct

from client.practice.words import WORDS, Lines
from rooms import agenda, chat, floor, presence, safety
from rooms.floor import Share
from rooms.formats import Phase
from rooms.presence import Participant
from rooms.room import Room
from rooms.vocabulary import Command, MessageId, ParticipantId, Refused, ShareId

CHARACTERS_A_SECOND: Final = 9  # of somebody who tells what is on their mind
LONGEST_PARAGRAPH: Final = 30.0  # seconds
GENTLE: Final = 3  # the first emoji of a format are for everything
STORIES: Final = 5  # of somebody who speaks for long
READING: Final = 40_000  # ms that a facilitator leaves for a text
ARRIVING: Final = 25_000  # ms that a facilitator waits for a few people
A_FEW: Final = 4
SILENCE: Final = 60_000  # ms until a facilitator asks whether somebody would like to share
LONG_SILENCE: Final = 120_000  # ms until the meeting goes on without
LONG_OVER: Final = 120_000  # ms past the time of a share that has no hard stop
PATIENCE: Final = 4  # shouts until a facilitator removes somebody
CROWD: Final = 12  # where more people are, each says less

MILESTONES: Final = (
    chat.Celebrate(count=30, unit="days"),
    chat.Celebrate(count=6, unit="months"),
    chat.Celebrate(count=1, unit="years"),
    chat.Celebrate(count=11, unit="years"),
)


class Writing(Struct, frozen=True):
    """Be seen writing."""


class HangUp(Struct, frozen=True):
    """Lose the line, and come back after so many seconds."""

    seconds: float


Deed = Command | Writing | HangUp
Step = tuple[float, Deed]
"""So many seconds after the step before it, this."""


class Person(ABC):
    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance

    @abstractmethod
    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        """What `me` does from `now` on (ms on the room's clock); nothing, mostly. Asked about once a second."""

    def once_in(self, seconds: float) -> bool:
        """Whether it is to be now, of what is done once in so many seconds on average."""
        return self.chance.random() < 1 / seconds


class Sharer(Person):
    """What members and the facilitator have in common: to take a turn when called, to speak, and to thank others.

    `stories` are those of WORDS in some order, without an end; all of one meeting take theirs from the same.
    """

    def __init__(self, name: str, chance: Random, stories: Iterator[Lines]) -> None:
        super().__init__(name, chance)
        self.rambles = False
        self._stories = stories
        self._share: ShareId | None = None
        self._telling: list[str] = []  # what is still to be told of it
        self._heard: Share | None = None

    def say(
        self, room: Room, me: Participant, now: int, lines: Lines, *, name: str = "", after: float = 1
    ) -> Sequence[Step]:
        """One of the lines, for everyone; nothing while that is not possible."""
        try:
            chat.check_may_speak(room, me, now)
        except Refused:
            return []
        text = self.chance.choice(lines).format(name=name)
        return [] if me.muted else [(after, Writing()), (3, chat.Say(text=text))]

    def turn(self, room: Room, me: Participant) -> Sequence[Step] | None:
        """What to do with the floor, one paragraph at a time; None if it is not mine."""
        share, phase = room.floor, room.current_phase
        if share is None or phase is None or share.who != me.id:
            return None
        if share.id != self._share:
            self._share, self._telling = share.id, self._story(phase)
        if room.is_quiet or share.left is not None:
            return []
        if share.state == "called":
            return [(self.chance.uniform(2, 6), floor.Begin())]
        if share.state == "time_up" or (share.warned and not self.rambles):
            del self._telling[:-1]  # and come to an end
        if self._telling and not me.muted:
            paragraph = self._telling.pop(0)
            seconds = min(len(paragraph) / CHARACTERS_A_SECOND, LONGEST_PARAGRAPH)
            return [(0.5, Writing()), (seconds, floor.WriteShare(text=paragraph))]
        return self._finish(room, me)

    def _story(self, phase: Phase) -> list[str]:
        stories = [next(self._stories) for _ in range(STORIES if self.rambles or phase.kind == "speaker" else 1)]
        first, *rest = (paragraph for story in stories for paragraph in story)
        opening = self.chance.choice(WORDS.openings).format(name=self.name)
        return [f"{opening} {first}", *rest, self.chance.choice(WORDS.closings)]

    def _finish(self, room: Room, me: Participant) -> Sequence[Step]:
        if room.phase_order == "pick" and not room.phase_is_due and (others := without_a_turn(room, me)):
            return [(2, floor.Pick(who=self.chance.choice(others)))]
        return [(2, floor.Done())]

    def thanks(self, room: Room, me: Participant, now: int, lines: Lines, how_often: float) -> Sequence[Step]:
        """To whoever has just ended a share."""
        heard, self._heard = self._heard, room.floor
        if heard is None or heard.who == me.id or (room.floor is not None and room.floor.id == heard.id):
            return []
        if room.floor is not None and me.role == "member":
            return []  # the next one begins in a moment
        sharer = room.participants.get(heard.who)
        if sharer is None or heard.began_at is None or shouts_in(heard) or self.chance.random() > how_often:
            return []
        return self.say(room, me, now, lines, name=sharer.name, after=self.chance.uniform(0.5, 3))


class Member(Sharer):
    """Somebody who comes, listens, shares now and then, and whose line is not the best."""

    def __init__(self, name: str, chance: Random, stories: Iterator[Lines]) -> None:
        super().__init__(name, chance, stories)
        self.rambles = chance.random() < 0.12
        self._greeted = False
        self._newest: ParticipantId | None = None  # of those who have come
        self._wants_to_share = chance.random() < 0.8
        self._celebrates = chance.random() < 0.12
        self._leaves_early = chance.random() < 0.06

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        if (turn := self.turn(room, me)) is not None:
            return self._in_a_circle(room, me, now, turn)
        crowd, goes = max(1.0, len(room.participants) / CROWD), (3.0, presence.Leave())
        if thanks := self.thanks(room, me, now, WORDS.thanks, 0.3 / crowd):
            return thanks
        if self.once_in(1500):
            return [(1, HangUp(self.chance.choice([2, 9, 25])))]
        if room.is_quiet:
            return []
        if not self._greeted:
            self._greeted = True
            return self.say(room, me, now, WORDS.hellos, after=self.chance.uniform(1, 8))
        if welcome := self._welcome(room, me, now, 0.1 / crowd):
            return welcome
        if self.once_in(150 * crowd):
            return self.say(room, me, now, WORDS.chat)
        share, may_react = room.floor, room.format.crosstalk != "off" and not me.muted
        if self.once_in(80) and share is not None and share.paragraphs and may_react:
            return [(1, chat.React(to=share.id, emoji=self.chance.choice(room.format.emoji[:GENTLE]), on=True))]
        if self.once_in(60) and self._may_raise_hand(room, me):
            topic = self.chance.choice(WORDS.topics) if self.chance.random() < 0.3 else None
            return [(1, floor.RaiseHand(topic=topic))]
        if room.state == "fellowship" and self.once_in(50):
            return [*self.say(room, me, now, WORDS.goodbyes), goes]
        if room.state == "running":
            if self._celebrates and self.once_in(300):
                self._celebrates = False
                return [(1, self.chance.choice(MILESTONES))]
            if self.once_in(5000 * crowd):
                return [(1, safety.AskForHelp(text=self.chance.choice(WORDS.helps)))]
            if self._leaves_early and self.once_in(900):
                return [*self.say(room, me, now, WORDS.goodbyes), goes]
        return []

    def _in_a_circle(self, room: Room, me: Participant, now: int, turn: Sequence[Step]) -> Sequence[Step]:
        """In a circle the turn comes to everybody; not everybody wants it."""
        is_called = room.floor is not None and room.floor.state == "called"
        if is_called and room.phase_order == "circle" and not self._wants_to_share:
            return [*self.say(room, me, now, WORDS.passes), (2, floor.Pass())]
        return turn

    def _may_raise_hand(self, room: Room, me: Participant) -> bool:
        if not (room.queue_is_open and self._wants_to_share) or me.muted or floor.place_of(room, me.id) is not None:
            return False
        return me.id not in room.queue.had_a_turn or (me.shares == 1 and not room.queue.hands)

    def _welcome(self, room: Room, me: Participant, now: int, how_often: float) -> Sequence[Step]:
        """To whoever has just come in."""
        newest = max(room.participants.values(), key=lambda p: p.since)
        before, self._newest = self._newest, newest.id
        if newest.id in {before, me.id} or newest.role != "member" or self.chance.random() > how_often:
            return []
        return self.say(room, me, now, WORDS.welcomes, name=newest.name)


class Facilitator(Sharer):
    """Leads until a person comes to do it, hands the chair over, helps, and carries on if that person has gone.

    `company` are all who are simulated. What is measured on the room's clock goes at `pace`.
    """

    def __init__(
        self, name: str, chance: Random, stories: Iterator[Lines], company: AbstractSet[ParticipantId], pace: float
    ) -> None:
        super().__init__(name, chance, stories)
        self._company = company
        self._pace = pace
        self._chair: ParticipantId | None = None  # who had it a moment ago
        self._gave_it_back: set[ParticipantId] = set()
        self._stage: tuple[str, int | None] | None = None
        self._since = 0  # ms; of the stage
        self._busy_at = 0  # ms; when somebody last had the floor
        self._has_invited = False
        self._shouts: dict[ParticipantId, int] = {}
        self._counted: set[MessageId] = set()

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        before, self._chair = self._chair, room.facilitator
        if room.facilitator != me.id:
            turn = self.turn(room, me)
            return turn if turn is not None else self.thanks(room, me, now, WORDS.thanks, 0.2)
        if before != me.id:
            return self._take_over(room, me, now, before)
        if (host := self._somebody_real(room)) is not None:
            said = self.say(room, me, now, WORDS.facilitator.hands_over, name=host.name)
            return [*said, (1, presence.HandOver(who=host.id))]
        if room.lobby:
            return [(4, presence.Admit(who="all"))]
        if (troll := self._too_loud(room)) is not None:
            return [(2, safety.Mute(who=troll)), (3, safety.Remove(who=troll))]
        if room.is_quiet:
            return [(10, safety.Unquiet())]
        turn = self.turn(room, me)
        return turn if turn is not None else self._lead(room, me, now)

    def _take_over(self, room: Room, me: Participant, now: int, before: ParticipantId | None) -> Sequence[Step]:
        if before in room.participants and room.participants[before].presence == "here":
            self._gave_it_back.add(before)
        self._begin_stage(room, now)
        lines = WORDS.facilitator.welcome if room.state == "doors" else WORDS.facilitator.takes_over
        return self.say(room, me, now, lines, name=self.name, after=2)

    def _begin_stage(self, room: Room, now: int) -> None:
        self._stage, self._since, self._busy_at, self._has_invited = (room.state, room.phase), now, now, False

    def _lead(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        phase = room.current_phase
        if self._stage != (room.state, room.phase):
            self._begin_stage(room, now)
            if phase is None or phase is room.format.phase[-1]:
                return []
            is_read = phase.kind in {"reading", "silence"}
            return self.say(room, me, now, WORDS.facilitator.reading if is_read else WORDS.facilitator.round)
        if thanks := self.thanks(room, me, now, WORDS.facilitator.thanks, 0.8):
            return thanks
        if room.state == "doors":
            is_time = len(room.participants) >= A_FEW or self._passed(now, self._since) > ARRIVING
            return [(8, agenda.Start())] if is_time else []
        if phase is None:
            return []
        if room.floor is not None:
            self._busy_at, self._has_invited = now, False
            return self._mind(room.floor, now)
        if (steps := self._call(room, me, phase, now)) and not self._is_over(room, now):
            return steps
        if self._is_done_with(room, phase, now):
            if room.phase == len(room.format.phase) - 1:
                return [*self.say(room, me, now, WORDS.facilitator.closing), (3, agenda.End())]
            return [(3, agenda.NextPhase(from_=room.phase))]
        return self._invite(room, me, now)

    def _passed(self, now: int, since: int) -> float:
        return (now - since) * self._pace

    def _is_done_with(self, room: Room, phase: Phase, now: int) -> bool:
        if phase.kind in {"reading", "silence"} and self._passed(now, self._since) > READING:
            return True
        is_silent = self._passed(now, self._busy_at) > LONG_SILENCE
        return is_silent or self._is_over(room, now) or (phase.kind == "speaker" and room.speaker_was_called)

    def _is_over(self, room: Room, now: int) -> bool:
        return room.phase_ends_at is not None and now >= room.phase_ends_at

    def _call(self, room: Room, me: Participant, phase: Phase, now: int) -> Sequence[Step]:
        if floor.next_in_queue(room, now) is not None and not phase.auto_call:
            return [(self.chance.uniform(2, 5), floor.Call(after=None))]
        others = [who for who in without_a_turn(room, me) if who in self._company and who not in self._shouts]
        if others and (phase.kind == "speaker" or phase.order == "pick"):
            return [(4, floor.Call(who=self.chance.choice(others), after=None))]
        return []

    def _invite(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        if self._has_invited or not room.queue_is_open or self._passed(now, self._busy_at) < SILENCE:
            return []
        self._has_invited = True
        return self.say(room, me, now, WORDS.facilitator.open_floor)

    def _mind(self, share: Share, now: int) -> Sequence[Step]:
        """Give more time now and then; stop whoever goes on for long where the clock stops nobody."""
        if share.state == "time_up" and share.ends_at is not None and self._passed(now, share.ends_at) > LONG_OVER:
            return [(1, floor.StopShare())]
        return [(1, floor.AddTime(seconds=30 / self._pace))] if share.warned and self.once_in(60) else []

    def _somebody_real(self, room: Room) -> Participant | None:
        """A host who has not given the chair back."""
        serving = (room.participants[who] for who in room.service if who not in self._company | self._gave_it_back)
        return next((p for p in serving if p.presence == "here" and p.role == "cofacilitator"), None)

    def _too_loud(self, room: Room) -> ParticipantId | None:
        """Somebody simulated who has shouted too often."""
        for message in room.messages.values():
            is_new = message.id not in self._counted
            if is_new and message.by and message.text in WORDS.trolls.shouts and message.by in self._company:
                self._shouts[message.by] = self._shouts.get(message.by, 0) + 1
        self._counted = set(room.messages)
        if room.floor is not None and shouts_in(room.floor) >= PATIENCE:
            return room.floor.who
        loud = (who for who, count in self._shouts.items() if count >= PATIENCE and who in room.participants)
        return next(loud, None)


class Troll(Person):
    """Somebody who has come to spoil it: shouts, floods, reacts to everything, and wants the floor at once."""

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        chance, share = self.chance, room.floor
        if share is not None and share.who == me.id:
            deed = floor.Begin() if share.state == "called" else floor.WriteShare(text=self._shout())
            return [(chance.uniform(1, 4), deed)]
        if self.once_in(50):
            return [(0.3, chat.Say(text=self._shout())) for _ in range(8)]
        if self.once_in(5):
            return [(chance.uniform(0.2, 2), chat.Say(text=self._shout()))]
        if self.once_in(10) and room.queue_is_open and floor.place_of(room, me.id) is None:
            return [(0.5, floor.RaiseHand(topic=self._shout()))]
        if self.once_in(10) and room.messages:
            to = chance.choice(list(room.messages))
            return [(0.3, chat.React(to=to, emoji=chance.choice(room.format.emoji), on=self.once_in(1.2)))]
        return [(0.5, presence.Rename(name=chance.choice(WORDS.trolls.names)))] if self.once_in(50) else []

    def _shout(self) -> str:
        return self.chance.choice(WORDS.trolls.shouts)


def shouts_in(share: Share) -> int:
    return sum(paragraph in WORDS.trolls.shouts for paragraph in share.paragraphs)


def without_a_turn(room: Room, me: Participant) -> list[ParticipantId]:
    """The others who are here, may share, and had no turn in this phase."""
    others = (p for p in room.participants.values() if p.presence == "here" and p.device and p.id != me.id)
    return [p.id for p in others if not p.muted and not p.unanswered and p.id not in room.queue.had_a_turn]


def names(lines: Sequence[str], chance: Random) -> Iterator[str]:
    """The names in some order; then again with numbers, as people with the same name do it."""
    order = chance.sample(lines, len(lines))
    yield from order
    for number in range(2, 10_000):
        yield from (f"{name} {number}" for name in order)


def stories(chance: Random) -> Iterator[Lines]:
    """All shares in some order, then all again in another."""
    while True:
        yield from chance.sample(WORDS.shares, len(WORDS.shares))

"""How the simulated people behave. Pure: what each does next follows from the room, the time and a source of chance."""

from collections.abc import Collection, Iterator, Sequence
from random import Random
from typing import Protocol

from msgspec import Struct

from client.practice.words import WORDS
from rooms import agenda, chat, floor, presence, safety
from rooms.floor import Share
from rooms.formats import Phase
from rooms.presence import Participant
from rooms.room import Room
from rooms.vocabulary import Command, MessageId, ParticipantId

CHARACTERS_A_SECOND = 14  # of somebody who tells what is on their mind
LONGEST_PARAGRAPH = 22.0  # seconds
READING = 40_000  # ms that a facilitator leaves for a text
PATIENCE = 4  # shouts until a simulated facilitator removes a troll


MILESTONES = (
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


class Person(Protocol):
    name: str

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        """What `me` does from `now` on (ms on the room's clock); nothing, mostly. Asked about once a second."""


class Sharer:
    """What members and the helping facilitator have in common: taking a turn when called, and thanking others."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance
        self._heard: Share | None = None

    def turn(self, room: Room, me: Participant) -> Sequence[Step] | None:
        """What to do with the floor; None if it is not mine."""
        share = room.floor
        if share is None or share.who != me.id:
            return None
        if room.is_quiet:
            return []
        if share.state == "called":
            return [(self.chance.uniform(2, 6), floor.Begin())]
        if share.paragraphs:
            return self._finish(room, me)
        story = self.chance.choice(WORDS.shares)
        opening = self.chance.choice(WORDS.openings).format(name=self.name)
        told = (f"{opening} {story[0]}", *story[1:], self.chance.choice(WORDS.closings))
        steps: list[Step] = []
        for paragraph in told:
            seconds = min(len(paragraph) / CHARACTERS_A_SECOND, LONGEST_PARAGRAPH)
            steps += [(0.5, Writing()), (seconds, floor.WriteShare(text=paragraph))]
        return steps

    def _finish(self, room: Room, me: Participant) -> Sequence[Step]:
        if room.phase_order == "pick":
            others = [p.id for p in room.participants.values() if p.presence == "here" and p.id != me.id]
            fresh = [who for who in others if not room.has_shared(who)]
            if others:
                return [(2, floor.Pick(who=self.chance.choice(fresh or others))), (1, floor.Done())]
        return [(2, floor.Done())]

    def thanks(self, room: Room, me: Participant, how_often: float) -> Sequence[Step]:
        """To whoever has just ended a share."""
        heard, self._heard = self._heard, room.floor
        if heard is None or heard.who == me.id or (room.floor is not None and room.floor.id == heard.id):
            return []
        sharer = room.participants.get(heard.who)
        if sharer is None or not heard.paragraphs or self.chance.random() > how_often:
            return []
        text = self.chance.choice(WORDS.thanks).format(name=sharer.name)
        return [(self.chance.uniform(1, 5), Writing()), (2, chat.Say(text=text))]


class Member(Sharer):
    """Somebody who comes, listens, shares now and then, and whose line is not the best."""

    def __init__(self, name: str, chance: Random) -> None:
        super().__init__(name, chance)
        self._greeted = False
        self._wants_to_share = chance.random() < 0.8
        self._celebrates = chance.random() < 0.12
        self._leaves_early = chance.random() < 0.06

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        turn = self.turn(room, me)
        if turn is not None:
            return self._in_a_circle(room, turn)
        if thanks := self.thanks(room, me, 0.3):
            return thanks
        dice, chance = self.chance.random(), self.chance
        if not self._greeted:
            self._greeted = True
            return [(chance.uniform(1, 8), Writing()), (2, chat.Say(text=chance.choice(WORDS.hellos)))]
        share = room.floor if room.floor is not None and room.floor.state != "called" else None
        if dice < 0.012 and (share is None or room.format.crosstalk == "chat"):
            return self._talk(room, me)
        if dice < 0.04 and share is not None:
            return [(1, chat.React(to=share.id, emoji=chance.choice(room.format.emoji), on=True))]
        if dice < 0.05 and self._celebrates and room.state == "running":
            self._celebrates = False
            return [(1, chance.choice(MILESTONES))]
        if self._may_raise_hand(room, me) and 0.1 < dice < 0.14:
            topic = chance.choice(WORDS.topics) if chance.random() < 0.3 else None
            return [(1, floor.RaiseHand(topic=topic))]
        if 0.2 < dice < 0.203:
            return [(1, HangUp(chance.choice([2, 9, 25])))]
        if 0.3 < dice < 0.3005 and room.state == "running":
            return [(1, safety.AskForHelp(text=chance.choice(WORDS.helps)))]
        if 0.4 < dice < 0.401 and self._leaves_early and room.state == "running":
            return [(1, chat.Say(text=chance.choice(WORDS.goodbyes))), (3, presence.Leave())]
        if 0.5 < dice < 0.52 and room.state == "fellowship":
            return [(1, chat.Say(text=chance.choice(WORDS.goodbyes))), (3, presence.Leave())]
        return []

    def _in_a_circle(self, room: Room, turn: Sequence[Step]) -> Sequence[Step]:
        """In a circle the turn comes to everybody; not everybody wants it."""
        is_called = room.floor is not None and room.floor.state == "called"
        if is_called and room.phase_order == "circle" and not self._wants_to_share:
            return [(3, chat.Say(text=self.chance.choice(WORDS.passes))), (1, floor.Pass())]
        return turn

    def _may_raise_hand(self, room: Room, me: Participant) -> bool:
        if not room.queue_is_open or not self._wants_to_share or any(hand.who == me.id for hand in room.queue.hands):
            return False
        return me.shares == 0 or (me.shares == 1 and not room.queue.hands)

    def _talk(self, room: Room, me: Participant) -> Sequence[Step]:
        newest = max(room.participants.values(), key=lambda p: p.since)
        if self.chance.random() < 0.4 and newest.id != me.id and newest.role == "member":
            text = self.chance.choice(WORDS.welcomes).format(name=newest.name)
        else:
            text = self.chance.choice(WORDS.chat)
        return [(0.5, Writing()), (3, chat.Say(text=text))]


class Facilitator(Sharer):
    """Leads until a person comes to do it, hands the chair over, helps, and carries on if that person has gone."""

    def __init__(self, name: str, chance: Random, company: Collection[ParticipantId], pace: float) -> None:
        super().__init__(name, chance)
        self._pace = pace
        self._company = company  # all who are simulated
        self._led = False
        self._phase: int | None = None
        self._phase_since = 0
        self._shouts: dict[ParticipantId, int] = {}
        self._counted: set[MessageId] = set()

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        if room.facilitator != me.id:
            return self._help(room, me)
        if (host := self._somebody_real(room)) is not None:
            text = self._line("hands_over").format(name=host.name)
            self._led = False
            return [(2, chat.Say(text=text)), (1, presence.HandOver(who=host.id))]
        if not self._led:
            self._led = True
            key = "welcome" if room.state == "doors" else "takes_over"
            return [(3, chat.Say(text=self._line(key).format(name=self.name)))]
        if room.lobby:
            return [(4, presence.Admit(who="all"))]
        if (troll := self._too_loud(room)) is not None:
            return [(5, safety.Mute(who=troll)), (6, safety.Remove(who=troll))]
        if room.is_quiet:
            return [(10, safety.Unquiet())]
        turn = self.turn(room, me)
        return turn if turn is not None else self._lead(room, me, now)

    def _lead(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        if room.phase != self._phase:
            self._phase, self._phase_since = room.phase, now
            return self._announce(room)
        if room.state == "doors":
            return [(8, agenda.Start())] if len(room.participants) >= 4 else []
        if room.state == "fellowship" or room.current_phase is None or room.phase is None:
            return []
        is_over = room.phase_ends_at is not None and now >= room.phase_ends_at
        if room.floor is not None:
            return self._mind_the_floor(room)
        is_read = room.current_phase.kind in {"reading", "silence"} and (now - self._phase_since) * self._pace > READING
        if is_over or is_read:
            if room.phase == len(room.format.phase) - 1:
                return [(3, chat.Say(text=self._line("closing"))), (3, agenda.End())]
            return [(3, agenda.NextPhase(from_=room.phase))]
        return self._call(room, me, room.current_phase)

    def _call(self, room: Room, me: Participant, phase: Phase) -> Sequence[Step]:
        here = [hand.who for hand in room.queue.hands if room.participants[hand.who].presence == "here"]
        if here and not phase.auto_call:
            return [(self.chance.uniform(2, 5), floor.Call(after=None))]
        others = [p.id for p in room.participants.values() if p.presence == "here" and p.id != me.id and not p.muted]
        simulated = [who for who in others if who in self._company]
        if phase.kind == "speaker" or phase.order == "pick":
            fresh = [who for who in simulated if not room.has_shared(who)]
            if fresh and not (phase.kind == "speaker" and room.speaker_was_called):
                return [(4, floor.Call(who=self.chance.choice(fresh), after=None))]
        return []

    def _mind_the_floor(self, room: Room) -> Sequence[Step]:
        return [(20, floor.AddTime(seconds=30))] if self.chance.random() < 0.004 else []

    def _announce(self, room: Room) -> Sequence[Step]:
        phase = room.current_phase
        if phase is None:
            return []
        key = "round" if phase.kind in {"round", "open", "speaker"} else "reading"
        return [(2, chat.Say(text=self._line(key)))] if phase.chat != "closed" else []

    def _help(self, room: Room, me: Participant) -> Sequence[Step]:
        turn = self.turn(room, me)
        return turn if turn is not None else self.thanks(room, me, 0.2)

    def _somebody_real(self, room: Room) -> Participant | None:
        serving = (room.participants[who] for who in room.service if who not in self._company)
        return next((p for p in serving if p.presence == "here" and p.role == "cofacilitator"), None)

    def _too_loud(self, room: Room) -> ParticipantId | None:
        """A simulated troll who has shouted too often."""
        for message in room.messages.values():
            is_new = message.id not in self._counted
            if is_new and message.by is not None and message.text in WORDS.trolls.shouts:
                self._shouts[message.by] = self._shouts.get(message.by, 0) + 1
        self._counted = set(room.messages)
        loud = (who for who, count in self._shouts.items() if count >= PATIENCE and who in room.participants)
        return next(loud, None)

    def _line(self, key: str) -> str:
        lines: tuple[str, ...] = getattr(WORDS.facilitator, key)
        return self.chance.choice(lines)


class Troll:
    """Somebody who has come to spoil it: shouts, reacts to everything, and wants the floor at once."""

    def __init__(self, name: str, chance: Random) -> None:
        self.name = name
        self.chance = chance

    def next(self, room: Room, me: Participant, now: int) -> Sequence[Step]:
        chance, share = self.chance, room.floor
        if share is not None and share.who == me.id:
            if share.state == "called":
                return [(0.5, floor.Begin())]
            return [(chance.uniform(1, 3), floor.WriteShare(text=chance.choice(WORDS.trolls.shouts)))]
        dice = chance.random()
        if dice < 0.25:
            return [(chance.uniform(0.2, 2), chat.Say(text=chance.choice(WORDS.trolls.shouts)))]
        if dice < 0.3 and room.queue_is_open:
            return [(0.5, floor.RaiseHand(topic=chance.choice(WORDS.trolls.shouts)[:80]))]
        if dice < 0.4 and room.messages:
            to = chance.choice(list(room.messages))
            return [(0.3, chat.React(to=to, emoji=chance.choice(room.format.emoji), on=chance.random() < 0.8))]
        if dice < 0.42:
            return [(0.5, presence.Rename(name=chance.choice(WORDS.trolls.names)))]
        return []


def names(lines: Sequence[str], chance: Random) -> Iterator[str]:
    """The names in some order; then again with numbers, as people with the same name do it."""
    order = chance.sample(lines, len(lines))
    yield from order
    for number in range(2, 10_000):
        yield from (f"{name} {number}" for name in order)

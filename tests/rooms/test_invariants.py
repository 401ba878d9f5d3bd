"""Random commands by random people at random times: the invariants of design.md, section 4, on the pure rules."""

from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import Phase
from rooms.room import Room, WireCommand, decide, evolve, next_deadline
from rooms.view import RoomView, restore, view
from rooms.vocabulary import (
    FACILITATORS,
    GREETERS,
    SERVICE,
    TIMEKEEPERS,
    Command,
    Event,
    ParticipantId,
    Refused,
    Request,
    Role,
    Tick,
)
from tests.kit import ALICE, BOB, CHARLIE, COLIN, DORA, EVE, FAY, GRETA, MINUTE, SECOND, TEAM, TIM, Meeting, a_meeting

PEOPLE = [ALICE, BOB, CHARLIE, DORA, EVE, FAY, COLIN, TIM, GRETA]

# Which event needs which role when a person is behind it (protocol.md, Commands). Everything else anybody may cause.
NEEDS: dict[type[Event], frozenset[Role]] = {
    agenda.Started: FACILITATORS,
    agenda.PhaseBegan: FACILITATORS,
    agenda.PhaseExtended: FACILITATORS,
    agenda.Fellowship: FACILITATORS,
    agenda.Ended: FACILITATORS,
    agenda.Assigned: FACILITATORS,
    presence.RoleChanged: FACILITATORS,
    presence.Denied: GREETERS,
    floor.HandMoved: TIMEKEEPERS,
    floor.ClockChanged: TIMEKEEPERS,
    floor.ShareTimeChanged: TIMEKEEPERS,
    safety.Muted: GREETERS,
    safety.Unmuted: GREETERS | FACILITATORS,
    safety.Removed: GREETERS,
    safety.Unblocked: FACILITATORS,
    safety.Locked: SERVICE,
    safety.Unlocked: SERVICE,
    safety.Quieted: SERVICE,
    safety.Unquieted: SERVICE,
    chat.Pinned: GREETERS,
    chat.Unpinned: GREETERS,
    chat.ChatChanged: GREETERS,
}

phases = st.builds(
    Phase,
    kind=st.sampled_from(["reading", "speaker", "round", "silence", "open"]),
    seconds=st.sampled_from([None, 30, 300]),
    advance=st.sampled_from(["manual", "auto"]),
    chat=st.sampled_from([None, "open", "slow", "service", "closed"]),
    queue=st.sampled_from([None, "open", "closed"]),
    post=st.sampled_from([(), ("Welcome.", "We listen.")]),
    share_seconds=st.sampled_from([20, 60]),
    warn_seconds=st.sampled_from([0, 10, 20]),
    grace_seconds=st.sampled_from([0, 10]),
    hard_stop=st.booleans(),
    reserve_seconds=st.sampled_from([0, 100]),
    order=st.sampled_from(["hands", "fifo", "circle", "pick"]),
    auto_call=st.booleans(),
)
rules_of_the_format = st.fixed_dictionaries(
    {
        "waiting_room": st.booleans(),
        "admit_after_seconds": st.sampled_from([None, 20]),
        "alone_seconds": st.sampled_from([0, 30]),
        "overrun_minutes": st.just(5),
        "fellowship_minutes": st.sampled_from([0, 2]),
        "unattended": st.sampled_from(["run", "wait", "quiet"]),
        "runs_itself": st.booleans(),
        "history": st.sampled_from(["from_join", "all"]),
        "roster": st.sampled_from(["everyone", "service"]),
        "crosstalk": st.sampled_from(["off", "reactions", "chat"]),
        "direct_messages": st.sampled_from(["off", "service", "everyone"]),
        "away_seconds": st.just(40),
        "answer_seconds": st.just(15),
        "capacity": st.sampled_from([4, 100]),
        "phase": st.lists(phases, min_size=1, max_size=4),
    }
)
command_types: list[type[Command]] = list(WireCommand.__args__)


class AMeeting(RuleBasedStateMachine):
    @initialize(rules=rules_of_the_format, here=st.sets(st.sampled_from(PEOPLE)), starts=st.booleans())
    def open(self, rules: dict[str, Any], here: set[ParticipantId], starts: bool) -> None:
        self.seen: dict[ParticipantId, tuple[int, Room]] = {}  # each one's part of the room, and since when it grows
        self.live: dict[ParticipantId, list[int]] = {}  # the events that each has heard during this stay
        self.meeting: Meeting = a_meeting(*rules.pop("phase"), minutes=8, **rules)
        for who in sorted(here):
            self.ask(presence.Join(who=who, name=who.title(), role=TEAM.get(who)))
        if starts and FAY in here:
            self.ask(agenda.Start(), FAY)

    @property
    def room(self) -> Room:
        return self.meeting.room

    def ask(self, command: Command | Request, by: ParticipantId | None = None) -> None:
        before = msgspec.msgpack.encode(self.room)
        first = len(self.meeting.log)
        role = self.room.role_of(by) if by in self.room.participants else None
        try:
            decide(self.room, command, by, self.meeting.now)
        except Refused:
            assert msgspec.msgpack.encode(self.room) == before, "a refusal changed something"
            return
        assert msgspec.msgpack.encode(self.room) == before, "deciding changed something"
        events = self.meeting.ask(command, by)
        if by is not None:
            for event in events:
                if event.by == by and type(event) in NEEDS and not _is_ones_own(event, command):
                    assert role in NEEDS[type(event)], f"{role} made {type(event).__name__}"
        self.look(first)

    def look(self, first: int) -> None:
        """Everybody's own copy follows by the events they may see; after a change of team they look anew."""
        for event, audience in self.meeting.log[first:]:
            if isinstance(event, presence.Joined):
                self.live[event.who] = []
            for who, heard in self.live.items():
                if self.room.may_see(who, event.seq, audience):
                    heard.append(event.seq)
            for who, (_, part) in list(self.seen.items()):
                if self.room.participants.get(who) is None:
                    del self.seen[who]
                elif self.room.may_see(who, event.seq, audience):
                    evolve(part, event)
            if isinstance(event, presence.RoleChanged) and event.who in self.seen:
                self.seen.pop(event.who)
        for who, participant in self.room.participants.items():
            joined = participant.stays[-1][0]
            if who not in self.seen or self.seen[who][0] < joined:
                self.seen[who] = (self.room.seq, restore(_over_the_wire(view(self.room, who, self.meeting.now)), who))

    @rule(who=st.sampled_from(PEOPLE), key=st.booleans(), seat=st.booleans(), device=st.sampled_from(["", "phone"]))
    def join(self, who: ParticipantId, key: bool, seat: bool, device: str) -> None:
        if not seat and (who in self.room.participants or who in self.room.gone or who in self.room.lobby):
            return
        role = TEAM.get(who) if key else None
        self.ask(presence.Join(who=who, seat=who if seat else None, name=who.title(), role=role, device_id=device))
        if who in self.room.blocked:
            assert who not in self.room.participants

    @rule(who=st.sampled_from(PEOPLE))
    def disconnect(self, who: ParticipantId) -> None:
        self.ask(presence.Disconnect(who=who))

    @rule(who=st.sampled_from(PEOPLE))
    def withdraw(self, who: ParticipantId) -> None:
        self.ask(presence.Withdraw(who=who))

    @precondition(lambda self: self.room.participants)
    @rule(data=st.data())
    def command(self, data: st.DataObject) -> None:
        by = data.draw(st.sampled_from(list(self.room.participants)))
        command_type = data.draw(st.sampled_from(command_types))
        people = [*self.room.participants, *self.room.gone, *self.room.lobby, "nobody"]
        messages = [*self.room.messages, *self.room.told, "nothing"]
        fields = {
            "who": st.sampled_from(people),
            "message": st.sampled_from(messages),
            "to": st.sampled_from(["everyone", "service", *people] if command_type is chat.Say else messages),
            "emoji": st.sampled_from(["🙏", "💪"]),
            "text": st.just("Something of my own."),
            "place": st.integers(0, 5),
            "seconds": st.sampled_from([-30.0, 5.0, 60.0]),
            "minutes": st.sampled_from([-1.0, 1.0]),
            "phase": st.integers(0, 4),
        }
        drawn: dict[str, Any] = {
            name: data.draw(fields[name])
            for name in command_type.__struct_fields__
            if name in fields
            and ((name in {"text", "who", "message"} and data.draw(st.booleans())) or _is_needed(command_type, name))
        }
        if command_type in {presence.Rename, presence.AddPerson}:
            drawn["name"] = data.draw(st.sampled_from(["Robin", "Kim"]))
        if command_type is presence.GiveRole:
            drawn["role"] = data.draw(
                st.sampled_from(["facilitator", "cofacilitator", "timekeeper", "greeter", "member"])
            )
        if command_type is chat.Chat:
            drawn["mode"] = data.draw(st.sampled_from(["open", "slow", "service", "closed"]))
        if command_type is chat.Celebrate:
            drawn |= {"count": 3, "unit": "months"}
        if command_type is chat.React:
            drawn["on"] = data.draw(st.booleans())
        self.ask(command_type(**drawn), by)

    @rule(milliseconds=st.sampled_from([1, 900, 10 * SECOND, 31 * SECOND, 3 * MINUTE, 10 * MINUTE]))
    def wait(self, milliseconds: int) -> None:
        until = self.meeting.now + milliseconds
        while True:
            deadline = next_deadline(self.room)
            now = until if deadline is None or deadline > until else max(deadline, self.meeting.now)
            if deadline is not None and self.meeting.now < deadline:
                assert decide(self.room, Tick(), None, deadline - 1) == [], "something happened before its time"
            self.meeting.now = now
            first = len(self.meeting.log)
            if deadline is None or deadline > now:
                break
            assert decide(self.room, Tick(), None, now), "a deadline had nothing to say"
            self.meeting.settle()
            self.look(first)

    @invariant()
    def one_has_the_floor_who_is_present(self) -> None:
        if self.room.floor is not None:
            assert self.room.floor.who in self.room.participants

    @invariant()
    def hands_are_of_people_who_are_present_and_each_has_one(self) -> None:
        hands = [hand.who for hand in self.room.queue.hands]
        assert len(hands) == len(set(hands))
        assert set(hands) <= set(self.room.participants)
        assert self.room.floor is None or self.room.floor.who not in hands

    @invariant()
    def there_is_one_facilitator_at_most_and_a_cofacilitator_here_only_beside_one(self) -> None:
        roles = [p.role for p in self.room.participants.values()]
        assert roles.count("facilitator") <= 1
        here = [p.role for p in self.room.participants.values() if p.presence == "here"]
        if self.room.state != "ended" and "cofacilitator" in here:
            assert "facilitator" in roles

    @invariant()
    def the_log_replayed_gives_the_same_state(self) -> None:
        assert self.meeting.replayed() == self.room

    @invariant()
    def nothing_is_due_that_was_not_said(self) -> None:
        deadline = next_deadline(self.room)
        assert deadline is None or deadline > self.meeting.now

    @invariant()
    def the_queue_is_open_while_more_shares_fit_than_hands_are_raised(self) -> None:
        queue, phase = self.room.queue, self.room.current_phase
        more = floor.fits(self.room, self.room.at)
        if phase is None:
            assert not queue.is_open or self.room.state == "ended"
        elif queue.is_open and not queue.is_held_open:
            assert phase.queue_rule == "open"
            assert self.room.is_quiet or more is None or more > len(queue.hands)
        elif not queue.is_open and queue.closed_why == "no_time":
            assert self.room.is_quiet or (more is not None and more <= len(queue.hands))

    @invariant()
    def whoever_resumes_hears_what_was_heard_live(self) -> None:
        for who, participant in self.room.participants.items():
            came = participant.stays[-1][0]
            missed = [e.seq for e, audience in self.meeting.log[came - 1 :] if self.room.may_see(who, e.seq, audience)]
            assert missed == self.live[who]

    @invariant()
    def everybodys_own_copy_is_what_a_snapshot_would_show(self) -> None:
        discreet = self.room.format.roster == "service"
        unpinned = {event.message for event, _ in self.meeting.log if isinstance(event, chat.Unpinned)}
        for who, (_, part) in self.seen.items():
            mine, theirs = (view(room, who, self.meeting.now) for room in (part, self.room))
            for shown in (mine, theirs) if discreet else ():  # who was heard of late stands last
                shown.participants.sort(key=lambda p: p.id)
            for shown in (mine, theirs):  # what somebody saw only because it was pinned may stay in sight
                shown.chat.messages = [m for m in shown.chat.messages if m.id not in unpinned]
            assert msgspec.to_builtins(mine) == msgspec.to_builtins(theirs)


def _over_the_wire(seen: RoomView) -> RoomView:
    return msgspec.json.decode(msgspec.json.encode(seen), type=RoomView)


def _is_needed(command_type: type[Command], name: str) -> bool:
    return next(f for f in msgspec.structs.fields(command_type) if f.name == name).required


def _is_ones_own(event: Event, command: Command | Request) -> bool:
    """A role given back by its owner, and what a pick or the end of one's own share brings with it."""
    return isinstance(command, (presence.Leave,))


TestAMeeting = AMeeting.TestCase

"""Random commands by random people at random times: the invariants of design.md, section 4, on the pure rules."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import Phase
from rooms.room import AnyEvent, Room, WireCommand, decide, evolve, next_deadline
from rooms.view import MessageView, RoomView, restore, view
from rooms.vocabulary import Command, MessageId, ParticipantId, Refused, Request, Tick
from tests.kit import ALICE, BOB, CHARLIE, COLIN, DORA, EVE, FAY, GRETA, MINUTE, SECOND, TEAM, TIM, Meeting, a_meeting
from tests.rooms import specification

PEOPLE = [ALICE, BOB, CHARLIE, DORA, EVE, FAY, COLIN, TIM, GRETA]

Commands = Sequence[type[Command]]

# What is asked for in one kind of moment; all of them, too, at any time.
AGENDA: Commands = [agenda.Start, agenda.NextPhase, agenda.GoTo, agenda.AddMinutes, agenda.End, agenda.Assign]
QUEUE: Commands = [floor.LowerHand, floor.MoveHand, floor.OpenQueue, floor.CloseQueue, floor.SetShareTime]
OWN_SHARE: Commands = [floor.Begin, floor.Begin, floor.WriteShare, floor.Pass, floor.Done, floor.Pick]
SHARE: Commands = [
    floor.Begin, floor.StopShare, floor.PutBack, floor.AddTime, floor.StopClock, floor.StartClock, floor.Call,
]  # fmt: skip
TALK: Commands = [chat.Say, chat.Say, chat.Unsay, chat.React, chat.Pin, chat.Unpin, chat.Chat, chat.Celebrate]
SAFETY: Commands = [
    safety.Mute, safety.Unmute, safety.Remove, safety.Unblock, safety.Lock, safety.Unlock, safety.QuietRoom,
    safety.Unquiet, safety.AskForHelp, safety.Report, safety.SeeTo,
]  # fmt: skip
PEOPLE_AND_ROLES: Commands = [
    presence.Admit, presence.Deny, presence.AddPerson, presence.GiveRole, presence.HandOver, presence.Rename,
    presence.Leave,
]  # fmt: skip

phases = st.builds(
    Phase,
    kind=st.sampled_from(["round", "round", "round", "open", "speaker", "reading", "silence"]),
    seconds=st.sampled_from([None, 30, 300]),
    advance=st.sampled_from(["manual", "auto"]),
    chat=st.sampled_from([None, "open", "slow", "service", "closed"]),
    queue=st.sampled_from([None, None, "open", "closed"]),
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
        "waiting_room": st.sampled_from([False, False, True]),
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
        "capacity": st.sampled_from([100, 100, 100, 100, 6]),
        "phase": st.lists(phases, min_size=1, max_size=4),
    }
)
MOSTLY = st.sampled_from([True, True, True, False])
command_types: Commands = list(WireCommand.__args__)


class AMeeting(RuleBasedStateMachine):
    @initialize(
        rules=rules_of_the_format,
        here=st.sets(st.sampled_from(PEOPLE), min_size=3),
        starts=st.sampled_from([True, True, True, False]),
    )
    def open(self, rules: dict[str, Any], here: set[ParticipantId], starts: bool) -> None:
        self.seen: dict[ParticipantId, tuple[int, Room]] = {}  # each one's part of the room, and since when it grows
        self.live: dict[ParticipantId, list[int]] = {}  # the events that each has heard during this stay
        self.unpinned = set[MessageId]()
        self.replica = Room()  # made of the log alone, as it comes back from the wire
        self.meeting: Meeting = a_meeting(*rules.pop("phase"), minutes=8, **rules)
        self.look()
        for who in sorted({FAY, *here} if starts else here):
            self.ask(presence.Join(who=who, name=who.title(), role=TEAM.get(who)))
        if starts:
            self.meeting.wait(15 * MINUTE)
            self.look()
            self.ask(agenda.Start(), FAY)

    @property
    def room(self) -> Room:
        return self.meeting.room

    def ask(self, command: Command | Request, by: ParticipantId | None = None) -> bool:
        """Ask; whether it was not refused, and by somebody who may."""
        before = msgspec.msgpack.encode(self.room)
        has_the_right = by is None or not isinstance(command, Command) or specification.may(self.room, by, command)
        try:
            decide(self.room, command, by, self.meeting.now)
        except Refused:
            assert msgspec.msgpack.encode(self.room) == before, "a refusal changed something"
            return False
        assert msgspec.msgpack.encode(self.room) == before, "deciding changed something"
        if self.meeting.ask(command, by):
            assert has_the_right, f"{self.room.role_of(by) if by else by} made {command}"
        self.look()
        return True

    def look(self) -> None:
        """The log's copies follow; everybody's own by the events they may see; after a change of team anew."""
        for event, audience in self.meeting.log[self.replica.seq :]:
            assert audience == specification.audience(self.replica, event), event
            evolve(self.replica, msgspec.msgpack.decode(msgspec.msgpack.encode(event), type=AnyEvent))
            if isinstance(event, presence.Joined):
                self.live[event.who] = []
            if isinstance(event, chat.Unpinned):
                self.unpinned.add(event.message)
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

    @precondition(lambda self: any(who not in self.room.participants or who in self.room.away for who in PEOPLE))
    @rule(data=st.data(), key=st.booleans(), device=st.sampled_from(["", "", "phone"]))
    def join(self, data: st.DataObject, key: bool, device: str) -> None:
        """Somebody comes or comes back: with the seat, if they have one."""
        room = self.room
        who = data.draw(st.sampled_from([p for p in PEOPLE if p not in room.participants or p in room.away]))
        is_known = any(who in some for some in (room.participants, room.gone, room.blocked, room.lobby))
        is_blocked = who in room.blocked or device in room.blocked_devices
        before = set(room.participants)
        ask = presence.Join(who, who if is_known else None, who.title(), TEAM.get(who) if key else None, device)
        if who not in room.lobby and self.ask(ask):
            assert not is_blocked
            assert set(room.participants) <= before | {who}, "a seat is one participant"

    @precondition(lambda self: self.room.participants)
    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        self.ask(presence.Disconnect(who=data.draw(st.sampled_from(list(self.room.participants)))))

    @precondition(lambda self: self.room.lobby)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.ask(presence.Withdraw(who=data.draw(st.sampled_from(list(self.room.lobby)))))

    @precondition(lambda self: self.room.participants)
    @rule(data=st.data())
    def anything(self, data: st.DataObject) -> None:
        self.command(data, command_types)

    @precondition(lambda self: self.room.participants and self.room.state != "ended")
    @rule(data=st.data())
    def something_on_the_agenda(self, data: st.DataObject) -> None:
        self.command(data, AGENDA)

    @precondition(lambda self: self.room.participants and self.room.queue.is_open)
    @rule(data=st.data())
    def a_hand(self, data: st.DataObject) -> None:
        self.command(data, [floor.RaiseHand])

    @precondition(lambda self: self.room.participants and self.room.phase is not None)
    @rule(data=st.data())
    def something_about_the_queue(self, data: st.DataObject) -> None:
        self.command(data, QUEUE)

    @precondition(lambda self: self.room.participants and self.room.phase is not None and self.room.floor is None)
    @rule(data=st.data())
    def a_call(self, data: st.DataObject) -> None:
        self.command(data, [floor.Call])

    @precondition(lambda self: self.room.floor is not None)
    @rule(data=st.data())
    def something_about_ones_own_share(self, data: st.DataObject) -> None:
        self.command(data, OWN_SHARE)

    @precondition(lambda self: self.room.floor is not None)
    @rule(data=st.data())
    def something_about_the_share(self, data: st.DataObject) -> None:
        self.command(data, SHARE)

    @precondition(lambda self: self.room.participants and self.room.state != "ended")
    @rule(data=st.data())
    def talk(self, data: st.DataObject) -> None:
        self.command(data, TALK)

    @precondition(lambda self: self.room.participants and self.room.state != "ended")
    @rule(data=st.data())
    def something_for_safety(self, data: st.DataObject) -> None:
        self.command(data, SAFETY)

    @precondition(lambda self: self.room.participants and self.room.state != "ended")
    @rule(data=st.data())
    def somebodys_part(self, data: st.DataObject) -> None:
        self.command(data, PEOPLE_AND_ROLES)

    def command(self, data: st.DataObject, types: Commands) -> None:
        """One of these commands, mostly by somebody who may."""
        command_type = data.draw(st.sampled_from(types))
        everybody = list(self.room.participants)
        rightful = [who for who in everybody if self.room.role_of(who) in specification.WHO_MAY[command_type]]
        if command_type in OWN_SHARE and self.room.floor is not None:
            rightful = [self.room.floor.who]
        elif command_type is floor.RaiseHand:
            waiting = {hand.who for hand in self.room.queue.hands}
            rightful = [who for who in everybody if who not in waiting]
        by_right = bool(rightful) and data.draw(MOSTLY)
        by = data.draw(st.sampled_from(rightful if by_right else everybody))
        likely: dict[type[Command], Iterable[str]] = {
            presence.Admit: self.room.lobby,
            presence.Deny: self.room.lobby,
            safety.Unblock: self.room.blocked,
        }
        people: list[str] = [*likely.get(command_type, []), *everybody, *self.room.gone, "nobody"]
        if command_type is floor.RaiseHand:
            people = [by, *(who for who in everybody if not self.room.participants[who].device), *everybody]
        requests: list[str] = [*self.room.requests] or ["nothing"]
        messages = [*self.room.messages, *self.room.told] or ["nothing"]
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
            "requests": st.lists(st.sampled_from(requests), min_size=1, max_size=2),
        }
        drawn: dict[str, Any] = {
            name: data.draw(fields[name])
            for name in command_type.__struct_fields__
            if name in fields
            and (_is_needed(command_type, name) or (name in {"text", "who", "message"} and data.draw(MOSTLY)))
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
            if deadline is None or deadline > now:
                break
            assert decide(self.room, Tick(), None, now), "a deadline had nothing to say"
            self.meeting.settle()
            self.look()

    @invariant()
    def one_has_the_floor_who_is_present(self) -> None:
        if self.room.floor is not None:
            assert self.room.floor.who in self.room.participants

    @invariant()
    def nobody_is_here_who_is_blocked_gone_or_at_the_door(self) -> None:
        room = self.room
        assert not set(room.participants) & {*room.blocked, *room.gone, *room.lobby}

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
    def a_call_for_help_stands_for_somebody_who_may_still_be_helped(self) -> None:
        room = self.room
        for asked in room.requests.values():
            assert asked.kind == "report" or asked.by in {*room.participants, *room.gone}
            assert asked.who is None or asked.who not in room.blocked
        authors = [(asked.by, asked.kind) for asked in room.requests.values()]
        assert all(authors.count(who) <= safety.REQUESTS_EACH for who in authors)

    @invariant()
    def the_log_replayed_gives_the_same_state(self) -> None:
        assert self.replica == self.room

    @invariant()
    def nothing_is_due_that_was_not_said(self) -> None:
        deadline = next_deadline(self.room)
        assert deadline is None or deadline > self.meeting.now
        for what, ends_at in specification.ends_of_what_stands(self.room):
            assert ends_at > self.meeting.now, f"{what} stands past its end"
            assert deadline is not None
            assert deadline <= ends_at, f"the end of {what} would be missed"

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

    def teardown(self) -> None:
        if hasattr(self, "meeting"):
            assert self.meeting.replayed() == self.room
            self.whoever_resumes_hears_what_was_heard_live()

    def whoever_resumes_hears_what_was_heard_live(self) -> None:
        for who, participant in self.room.participants.items():
            came = participant.stays[-1][0]
            missed = [e.seq for e, audience in self.meeting.log[came - 1 :] if self.room.may_see(who, e.seq, audience)]
            assert missed == self.live[who]

    @invariant()
    def everybodys_own_copy_is_what_a_snapshot_would_show(self) -> None:
        discreet = self.room.format.roster == "service"
        for who, (_, part) in self.seen.items():
            mine, theirs = (view(room, who, self.meeting.now) for room in (part, self.room))
            for shown in (mine, theirs) if discreet else ():  # who was heard of late stands last
                shown.participants.sort(key=lambda p: p.id)
            for shown in (mine, theirs):
                chat_ = shown.chat
                # What somebody sees only because it was pinned may stay in sight, and stands where its time is.
                chat_.messages = sorted((m for m in chat_.messages if m.id not in self.unpinned), key=_in_order)
            assert msgspec.to_builtins(mine) == msgspec.to_builtins(theirs)


def _over_the_wire(seen: RoomView) -> RoomView:
    return msgspec.json.decode(msgspec.json.encode(seen), type=RoomView)


def _in_order(message: MessageView) -> tuple[int, str]:
    return message.at, message.id if message.by is None else ""


def _is_needed(command_type: type[Command], name: str) -> bool:
    return next(f for f in msgspec.structs.fields(command_type) if f.name == name).required


TestAMeeting = pytest.mark.timeout(600)(AMeeting.TestCase)  # it takes seconds, unless there is a failure to explain

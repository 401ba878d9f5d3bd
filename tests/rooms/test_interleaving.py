"""Two workers carry out talk at the same time. The log puts one first; both have the same room afterwards."""

from collections.abc import Callable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import Start
from rooms.chat import Celebrate, React, Said, Say, Unsay
from rooms.floor import WriteShare
from rooms.interleaving import commute, put_before
from rooms.room import Room, decide, evolve
from rooms.safety import AskForHelp, Report
from rooms.vocabulary import Command, Event, MessageId, ParticipantId, Refused
from tests.kit import ALICE, BOB, CHARLIE, DORA, FAY, Meeting, a_phase, a_round, a_share

EMOJI = ["❤️", "🙏"]
Talk = list[tuple[ParticipantId, Command]]


def talk(*people: ParticipantId) -> st.SearchStrategy[Talk]:
    """What these people say, react and share; of the four messages that are there, or of their own."""
    to = st.sampled_from(["fay-said-0", "fay-said-1", "fay-said-2", "fay-said-3", "s1", f"{people[0]}-1"])
    commands = (
        st.builds(Say, text=st.sampled_from(["a", "b"]), to=st.sampled_from(["everyone", "service"]))
        | st.builds(React, to=to, emoji=st.sampled_from(EMOJI), on=st.booleans())
        | st.builds(WriteShare, text=st.just("line"))
    )
    return st.lists(st.tuples(st.sampled_from(people), commands), min_size=1, max_size=6)


def a_room() -> Meeting:
    """Alice shares; four messages are there, of at most ten."""
    meeting = a_share(ALICE, BOB, CHARLIE, DORA, phase=a_phase(), crosstalk="chat", emoji=tuple(EMOJI))
    for n in range(4):
        said = Said(MessageId(f"fay-said-{n}"), "text", "everyone", at=meeting.now, by=FAY)
        meeting.happens([said])
    meeting.room.limits = msgspec.structs.replace(meeting.room.limits, messages=10)
    return meeting


def carried_out(room: Room, talk: Talk, now: int) -> list[Event]:
    """A worker carries it out on its copy of the room, one after the other; what nothing comes of is passed over."""
    events: list[Event] = []
    for number, (who, command) in enumerate(talk, start=1):
        try:
            decided = decide(room, msgspec.structs.replace(command, id=number), who, now)
        except Refused:
            continue
        for event in decided:
            event.seq = room.seq + 1
            evolve(room, event)
        events += decided
    return events


def copied(room: Room) -> Room:
    return msgspec.msgpack.decode(msgspec.msgpack.encode(room), type=Room)


def copies(events: list[Event]) -> list[Event]:
    return [msgspec.structs.replace(event) for event in events]


@given(talk(ALICE, BOB), talk(CHARLIE, DORA))
def test_both_workers_have_the_room_that_the_log_tells(ours: Talk, theirs: Talk) -> None:
    base = a_room()
    here, there, log = copied(base.room), copied(base.room), copied(base.room)
    missed = carried_out(there, theirs, base.now + 1)
    events = carried_out(here, ours, base.now + 2)
    if not missed:
        return
    if not commute(here, events, missed):
        assert len(events) + len(missed) > 10
        return
    for seq, event in enumerate([*missed, *events], start=base.room.seq + 1):
        event.seq, event.tag = seq, f"{seq:08x}"
    for event in copies([*missed, *events]):
        evolve(log, event)
    put_before(here, missed, events)
    there.tag = missed[-1].tag
    for event in events:
        evolve(there, event)
    assert here == log
    assert list(here.messages) == list(log.messages)
    assert there == log


def test_what_takes_back_or_celebrates_or_asks_or_moves_is_read_from_the_log_again() -> None:
    meeting = a_round(ALICE, BOB)
    said = meeting.says(ALICE)
    hello: Callable[[], list[Event]] = lambda: decide(meeting.room, Say(id=9, text="a"), ALICE, meeting.now)  # noqa: E731
    for command in (Unsay(message=said), Celebrate(count=1, unit="years"), AskForHelp(), Report(who=FAY)):
        events = decide(meeting.room, command, ALICE if isinstance(command, Unsay) else BOB, meeting.now)
        assert not commute(meeting.room, events, decide(meeting.room, Say(id=9, text="a"), BOB, meeting.now))
        assert not commute(meeting.room, hello(), events)
    assert not commute(meeting.room, hello(), hello()), "one person's talk has an order"
    assert meeting.refuses(Start(), FAY) == "not_now"

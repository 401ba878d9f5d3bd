"""The agenda: start, phases and their ends, going on and back, the end, and the room's end."""

from typing import Any

import pytest

from rooms.agenda import (
    AddMinutes,
    Assign,
    Assigned,
    Close,
    End,
    Fellowship,
    GoTo,
    NextPhase,
    Open,
    PhaseBegan,
    PhaseExtended,
    Start,
    Started,
)
from rooms.chat import Chat, Said
from rooms.floor import Begin, Call, CloseQueue, Done, RaiseHand, SetShareTime
from rooms.formats import Phase
from rooms.vocabulary import RoomId
from tests.kit import (
    ALICE,
    BOB,
    COLIN,
    FAY,
    MINUTE,
    NOON,
    SECOND,
    TIM,
    Meeting,
    a_meeting,
    a_phase,
    a_round,
    a_share,
    named,
    the,
)

WELCOME = Phase(kind="reading", title="Welcome", minutes=5)
SHARING = Phase(kind="round", title="Sharing", minutes=30)
SILENCE = Phase(kind="silence", title="Silence", minutes=1, advance="auto")
CLOSING = Phase(kind="reading", title="Closing")


def an_agenda(*phases: Phase, **rules: Any) -> Meeting:
    """A meeting whose agenda has just begun, with Fay and Alice in it."""
    meeting = a_meeting(*(phases or (WELCOME, SHARING, CLOSING)), **rules)
    meeting.join(FAY, ALICE)
    meeting.now = NOON
    meeting.ask(Start(), FAY)
    return meeting


# The start


def test_the_start_begins_the_agenda_with_its_first_phase() -> None:
    meeting = a_meeting(WELCOME, SHARING)
    meeting.join(FAY)
    events = meeting.ask(Start(), FAY)
    assert named(events) == ["started", "phase_began"]
    assert the(Started, events).ends_at == NOON + 60 * MINUTE
    began = the(PhaseBegan, events)
    assert (began.phase, began.ends_at) == (0, meeting.now + 5 * MINUTE)
    assert (meeting.room.state, meeting.room.phase) == ("running", 0)


def test_a_meeting_starts_once() -> None:
    meeting = an_agenda()
    assert meeting.refuses(Start(), FAY) == "not_now"
    meeting.ask(End(), FAY)
    assert meeting.refuses(Start(), FAY) == "not_now"


def test_nothing_of_the_agenda_moves_before_the_start() -> None:
    meeting = a_meeting(WELCOME, SHARING)
    meeting.join(FAY)
    for command in (NextPhase(), GoTo(phase=1), AddMinutes(minutes=1), Call(), CloseQueue(), SetShareTime(seconds=60)):
        assert meeting.refuses(command, FAY) == "not_now"
    assert meeting.refuses(RaiseHand(), FAY) == "queue_closed"


def test_an_attended_meeting_waits_for_its_start() -> None:
    meeting = a_meeting(WELCOME)
    meeting.join(FAY)
    meeting.wait(30 * MINUTE)
    assert meeting.room.state == "doors"


def a_meeting_now(**rules: Any) -> Meeting:
    room_format = a_meeting(WELCOME, SHARING, **rules).room.format
    meeting, id_ = Meeting(now=NOON), RoomId("now.1")
    ends_at = NOON + 60 * MINUTE
    meeting.ask(Open(id_, "now", "Now", "UTC", room_format, NOON, ends_at, waits_for_start=True))
    return meeting


def test_a_meeting_now_waits_for_its_start_and_its_time_runs_from_there() -> None:
    meeting = a_meeting_now()
    meeting.join(ALICE)
    meeting.wait(25 * MINUTE)  # its host is still sending the link to everybody
    assert meeting.room.state == "doors"
    meeting.join(FAY)
    events = meeting.ask(Start(), FAY)
    assert the(Started, events).ends_at == meeting.now + 60 * MINUTE


def test_a_meeting_now_that_runs_itself_starts_at_once() -> None:
    meeting = a_meeting_now(runs_itself=True)
    assert meeting.room.state == "running"


def test_a_meeting_now_that_never_starts_ends() -> None:
    meeting = a_meeting_now()
    meeting.wait(120 * MINUTE)
    assert meeting.room.state == "ended"


# From phase to phase


def test_next_goes_on_and_after_the_last_ends_the_meeting() -> None:
    meeting = an_agenda()
    assert named(meeting.ask(NextPhase(), FAY)) == ["phase_began", "queue_opened"]
    assert meeting.room.phase == 1
    assert named(meeting.ask(NextPhase(), FAY)) == ["phase_began", "queue_closed"]
    assert named(meeting.ask(NextPhase(), FAY)) == ["fellowship"]


def test_two_people_pressing_next_skip_nothing() -> None:
    meeting = an_agenda()
    meeting.join(COLIN)
    meeting.ask(NextPhase(from_=0), FAY)
    assert meeting.refuses(NextPhase(from_=0), COLIN) == "not_now"
    assert meeting.refuses(NextPhase(from_=None), COLIN) == "not_now"
    assert meeting.refuses(GoTo(phase=2, from_=0), COLIN) == "not_now"
    assert meeting.room.phase == 1
    meeting.ask(NextPhase(from_=1), COLIN)
    assert meeting.room.phase == 2


def test_one_may_go_to_any_phase() -> None:
    meeting = an_agenda()
    for phase in (2, 0, 1, 1):
        assert the(PhaseBegan, meeting.ask(GoTo(phase=phase), FAY)).phase == phase
    assert meeting.refuses(GoTo(phase=3), FAY) == "no_such_phase"


def test_a_phase_without_a_length_has_no_end() -> None:
    meeting = an_agenda(CLOSING)
    assert meeting.room.phase_ends_at is None
    assert "phase_due" not in named(meeting.wait(30 * MINUTE))


@pytest.mark.parametrize(
    ("kind", "is_open"), [("round", True), ("open", True), ("reading", False), ("speaker", False), ("silence", False)]
)
def test_the_queue_is_open_in_rounds_and_open_phases_and_closed_elsewhere(kind: str, is_open: bool) -> None:
    assert an_agenda(a_phase(kind=kind)).room.queue_is_open is is_open
    assert an_agenda(a_phase(kind=kind, queue="open")).room.queue_is_open
    assert not an_agenda(a_phase(kind=kind, queue="closed")).room.queue_is_open


def test_a_phase_sets_the_chats_mode_and_without_one_the_formats_holds() -> None:
    meeting = an_agenda(WELCOME, a_phase(kind="silence", chat="closed"), CLOSING, chat="slow")
    modes = [meeting.view(ALICE).chat.mode]
    for command in (NextPhase(), NextPhase(), Chat(mode="service"), End()):
        meeting.ask(command, FAY)
        modes.append(meeting.view(ALICE).chat.mode)
    assert modes == ["slow", "closed", "slow", "service", "slow"]


def test_the_room_itself_says_what_the_phase_posts() -> None:
    meeting = an_agenda(WELCOME, a_phase(post=("We listen.", "We do not advise.")))
    events = meeting.ask(NextPhase(), FAY)
    said = [event for event in events if isinstance(event, Said)]
    assert [(s.text, s.to, s.by) for s in said] == [
        ("We listen.", "everyone", None),
        ("We do not advise.", "everyone", None),
    ]
    meeting.ask(GoTo(phase=1), FAY)
    assert len(meeting.room.messages) == 4  # each has an id of its own


def test_a_share_and_the_hands_end_with_the_phase() -> None:
    meeting = an_agenda(SHARING, CLOSING)
    meeting.shares(ALICE)
    meeting.ask(RaiseHand(), FAY)
    events = meeting.ask(NextPhase(), FAY)
    assert named(events) == ["share_ended", "hand_lowered", "phase_began", "queue_closed"]
    assert [e.why for e in events if hasattr(e, "why")] == ["phase", "phase", "phase"]


def test_hands_are_kept_where_the_next_phase_has_a_queue_too() -> None:
    meeting = an_agenda(SHARING, a_phase(kind="open"))
    meeting.ask(RaiseHand(), ALICE)
    assert named(meeting.ask(NextPhase(), FAY)) == ["phase_began"]
    assert meeting.queue == [ALICE]


def test_the_time_of_shares_is_the_phases_own() -> None:
    meeting = an_agenda(SHARING, a_phase(share_seconds=60), SHARING)
    meeting.ask(SetShareTime(seconds=30), FAY)
    meeting.ask(NextPhase(), FAY)
    assert meeting.view(FAY).queue.share_seconds == 60
    meeting.ask(NextPhase(), FAY)
    assert meeting.view(FAY).queue.share_seconds == 180


# The end of a phase


def test_an_attended_phase_goes_on_past_its_end() -> None:
    meeting = an_agenda()
    assert meeting.wait(5 * MINUTE - 1) == []
    (due,) = meeting.wait(1)
    assert (named([due]), due.by) == (["phase_due"], None)
    assert meeting.wait(20 * MINUTE) == []
    assert meeting.room.phase == 0


def test_minutes_move_the_end_of_the_phase_both_ways() -> None:
    meeting = an_agenda()
    ends_at = NOON + 5 * MINUTE
    assert the(PhaseExtended, meeting.ask(AddMinutes(minutes=2.5), FAY)).ends_at == ends_at + 150 * SECOND
    assert the(PhaseExtended, meeting.ask(AddMinutes(minutes=-2.5), FAY)).ends_at == ends_at
    assert meeting.view(ALICE).phase_ends_at == ends_at


def test_the_end_cannot_be_moved_into_the_past() -> None:
    meeting = an_agenda()
    events = meeting.ask(AddMinutes(minutes=-60), FAY)
    assert named(events) == ["phase_extended", "phase_due"]
    assert meeting.room.phase_ends_at == meeting.now


def test_minutes_given_to_a_phase_that_is_due_count_from_now() -> None:
    meeting = an_agenda()
    meeting.wait(15 * MINUTE)
    assert named(meeting.ask(AddMinutes(minutes=2), FAY)) == ["phase_extended"]
    assert named(meeting.wait(2 * MINUTE - 1)) == []
    assert named(meeting.wait(1)) == ["phase_due"]  # once more


def test_minutes_give_an_end_to_a_phase_that_had_none() -> None:
    meeting = an_agenda(CLOSING)
    assert the(PhaseExtended, meeting.ask(AddMinutes(minutes=2), FAY)).ends_at == meeting.now + 2 * MINUTE


@pytest.mark.parametrize("minutes", [float("nan"), float("inf"), 1e300, -1e300, 24 * 60 + 1])
def test_no_other_number_of_minutes_is_taken(minutes: float) -> None:
    assert an_agenda().refuses(AddMinutes(minutes=minutes), FAY) == "bad_message"


def test_a_phase_may_advance_by_itself_though_the_room_is_attended() -> None:
    meeting = an_agenda(SILENCE, CLOSING)
    assert meeting.wait(MINUTE - 1) == []
    assert named(meeting.wait(1)) == ["phase_began"]


def test_nobody_is_cut_off_by_a_phase_that_advances() -> None:
    meeting = an_agenda(a_phase(minutes=2, advance="auto"), CLOSING)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(Begin(), ALICE)
    assert named(meeting.wait(2 * MINUTE)) == ["warned", "phase_due"]
    assert named(meeting.wait(90 * SECOND)) == ["time_up", "share_ended", "phase_began"]


def test_a_phase_that_advances_waits_for_a_share_without_a_hard_stop() -> None:
    meeting = an_agenda(a_phase(minutes=4, advance="auto", hard_stop=False), CLOSING)
    meeting.shares(ALICE)
    assert named(meeting.wait(20 * MINUTE)) == ["warned", "time_up", "phase_due"]
    assert named(meeting.ask(Done(), ALICE)) == ["share_ended", "phase_began"]


def test_the_last_phase_that_advances_ends_the_meeting() -> None:
    meeting = an_agenda(SILENCE, fellowship_minutes=0)
    assert named(meeting.wait(MINUTE)) == ["ended"]


# The end


def test_the_end_is_followed_by_fellowship() -> None:
    meeting = a_share(ALICE)
    events = meeting.ask(End(), FAY)
    assert named(events) == ["share_ended", "fellowship", "queue_closed"]
    assert the(Fellowship, events).ends_at == meeting.now + 15 * MINUTE
    seen = meeting.view(ALICE)
    assert (seen.state, seen.phase, seen.phase_ends_at, seen.floor) == ("fellowship", None, None, None)
    assert seen.ends_at == meeting.now + 15 * MINUTE
    meeting.says(ALICE, "See you next week.")


def test_a_second_end_ends_the_room_at_once() -> None:
    meeting = an_agenda()
    meeting.ask(End(), FAY)
    assert named(meeting.ask(End(), FAY)) == ["ended"]
    assert meeting.refuses(End(), FAY) == "ended"


def test_two_who_end_the_meeting_together_leave_time_to_talk() -> None:
    meeting = an_agenda()
    meeting.ask(End(from_="running"), FAY)
    assert meeting.refuses(End(from_="running"), FAY) == "not_now"
    assert meeting.room.state == "fellowship"


def test_without_fellowship_the_end_ends_the_room() -> None:
    assert named(an_agenda(fellowship_minutes=0).ask(End(), FAY)) == ["ended"]


def test_a_meeting_that_never_began_has_no_fellowship() -> None:
    meeting = a_meeting(WELCOME)
    meeting.join(FAY)
    assert named(meeting.ask(End(), FAY)) == ["ended"]


def test_fellowship_ends_when_its_minutes_are_over_whoever_is_here() -> None:
    meeting = an_agenda(fellowship_minutes=10)
    meeting.ask(End(), FAY)
    assert meeting.wait(10 * MINUTE - 1) == []
    assert named(meeting.wait(1)) == ["ended"]


def test_in_fellowship_there_is_no_floor_and_no_agenda() -> None:
    meeting = an_agenda()
    meeting.ask(End(), FAY)
    for command in (NextPhase(), GoTo(phase=0), AddMinutes(minutes=5), Call(who=ALICE), CloseQueue()):
        assert meeting.refuses(command, FAY) == "not_now"
    assert meeting.refuses(RaiseHand(), ALICE) == "queue_closed"


def test_an_attended_room_goes_on_past_its_end_but_not_for_ever() -> None:
    meeting = an_agenda(CLOSING, overrun_minutes=10)
    meeting.wait(69 * MINUTE)
    assert meeting.room.state == "running"
    assert named(meeting.wait(MINUTE)) == ["fellowship"]


def test_a_deleted_meeting_ends_at_once() -> None:
    meeting = an_agenda()
    assert named(meeting.ask(Close())) == ["ended"]
    assert meeting.ask(Close()) == []


# Readers and speakers


def test_a_facilitator_names_the_reader_of_a_phase() -> None:
    meeting = an_agenda()
    assigned = the(Assigned, meeting.ask(Assign(phase=2, who=ALICE), FAY))
    assert (assigned.phase, assigned.who) == (2, ALICE)
    assert meeting.view(ALICE).agenda[2].reader == ALICE
    assert meeting.ask(Assign(phase=2, who=ALICE), FAY) == []
    meeting.ask(Assign(phase=2, who=FAY), FAY)
    assert meeting.view(ALICE).agenda[2].reader == FAY


def test_nobody_is_named_for_a_phase_that_is_not_and_nobody_who_is_not_here() -> None:
    meeting = an_agenda()
    assert meeting.refuses(Assign(phase=3, who=ALICE), FAY) == "no_such_phase"
    assert meeting.refuses(Assign(phase=0, who=BOB), FAY) == "no_such_participant"


def test_readers_may_be_named_before_the_start() -> None:
    meeting = a_meeting(WELCOME)
    meeting.join(FAY, TIM)
    meeting.ask(Assign(phase=0, who=TIM), FAY)
    assert meeting.room.assigned == {0: TIM}


def test_the_texts_of_the_agenda_are_shown_to_those_present() -> None:
    reading = Phase(kind="reading", title="Welcome", text="We begin.", credit="Our group, 2024", minutes=5)
    meeting = an_agenda(reading, a_round().room.format.phase[0])
    seen = meeting.view(ALICE).agenda
    assert [(p.title, p.text, p.credit, p.seconds) for p in seen] == [
        ("Welcome", "We begin.", "Our group, 2024", 300),
        ("Sharing", "", "", 1800),
    ]

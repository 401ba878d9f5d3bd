"""Rooms without their service team: they run themselves, wait, or go quiet; and rooms that always run themselves."""

from typing import Any

import pytest

from rooms.agenda import NextPhase, Start
from rooms.chat import Chat, Say
from rooms.floor import Begin, Called, RaiseHand
from rooms.formats import Phase
from rooms.presence import Join, Leave
from rooms.safety import QuietRoom, Unquiet
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    FAY,
    GRETA,
    MINUTE,
    NOON,
    SECOND,
    TIM,
    Meeting,
    a_meeting,
    a_phase,
    named,
    the,
)

WELCOME = Phase(kind="reading", minutes=5)
SHARING = a_phase(minutes=20)
CLOSING = Phase(kind="reading", minutes=5)


def a_meeting_with_members_only(*phases: Phase, **rules: Any) -> Meeting:
    """From five minutes before the start."""
    meeting = a_meeting(*(phases or (WELCOME, SHARING, CLOSING)), minutes=30, **rules)
    meeting.now = NOON - 5 * MINUTE
    meeting.join(ALICE, BOB)
    return meeting


def test_a_room_that_runs_starts_advances_and_ends_on_time_by_itself() -> None:
    meeting = a_meeting_with_members_only()
    events = meeting.wait(60 * MINUTE)
    moments = {name: (event.at - NOON) / MINUTE for name, event in zip(named(events), events, strict=True)}
    began = [(e.at - NOON) / MINUTE for e in events if named([e]) == ["phase_began"]]
    assert (moments["started"], began, moments["fellowship"], moments["ended"]) == (0, [0, 5, 25], 30, 45)
    assert {event.by for event in events} == {None}


def test_a_room_that_runs_calls_those_who_wait() -> None:
    meeting = a_meeting_with_members_only()
    meeting.wait(10 * MINUTE)
    assert the(Called, meeting.ask(RaiseHand(), ALICE)).who == ALICE
    meeting.ask(RaiseHand(), BOB)
    meeting.ask(Begin(), ALICE)
    events = meeting.wait(4 * MINUTE)
    assert named(events) == ["warned", "time_up", "share_ended", "called", "share_ended", "hand_raised", "called"]


def test_nobody_is_cut_off_at_the_end_of_a_room_that_runs() -> None:
    meeting = a_meeting_with_members_only(a_phase(minutes=None))
    meeting.wait(33 * MINUTE)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(Begin(), ALICE)
    assert "fellowship" not in named(meeting.wait(210 * SECOND - 1))
    assert named(meeting.wait(1)) == ["share_ended", "fellowship", "queue_closed"]


def test_a_phase_that_ends_while_somebody_shares_waits_for_the_share() -> None:
    meeting = a_meeting_with_members_only(a_phase(minutes=20, share_seconds=18 * 60), CLOSING)
    meeting.wait(7 * MINUTE)
    meeting.ask(RaiseHand(), ALICE)
    meeting.wait(20 * SECOND)
    meeting.ask(Begin(), ALICE)
    events = meeting.wait(30 * MINUTE)
    assert named(events)[:5] == ["warned", "phase_due", "time_up", "share_ended", "phase_began"]


def test_the_room_counts_as_unattended_after_alone_seconds() -> None:
    meeting = a_meeting_with_members_only(alone_seconds=90)
    meeting.join(FAY)
    meeting.now = NOON + MINUTE
    meeting.goes_away(FAY)
    assert meeting.wait(90 * SECOND - 1) == []
    assert named(meeting.wait(1)) == ["started", "phase_began"]  # late, for somebody was here until now


def test_one_of_the_service_team_is_enough_to_make_it_attended() -> None:
    meeting = a_meeting_with_members_only()
    meeting.join(FAY, TIM)
    meeting.wait(5 * MINUTE)
    meeting.ask(Start(), FAY)
    meeting.ask(Leave(), FAY)
    assert named(meeting.wait(30 * MINUTE)) == ["phase_due"]
    meeting.goes_away(TIM)
    assert named(meeting.wait(MINUTE)) == ["fellowship"]  # nobody sees to it, and its time is over


def test_the_team_takes_over_when_it_is_back() -> None:
    meeting = a_meeting_with_members_only()
    meeting.wait(7 * MINUTE)
    meeting.join(FAY)
    meeting.wait(3 * MINUTE)
    assert (meeting.room.phase, meeting.room.phase_is_due) == (0, True)
    meeting.ask(NextPhase(), FAY)
    meeting.ask(RaiseHand(), ALICE)
    assert meeting.room.floor is None  # it is hers to call


def test_a_phase_without_an_end_lasts_until_the_meetings_end() -> None:
    meeting = a_meeting_with_members_only(Phase(kind="open"), CLOSING)
    events = meeting.wait(36 * MINUTE)
    assert named(events) == ["started", "phase_began", "queue_opened", "fellowship", "queue_closed"]


def test_without_the_team_nobody_is_left_waiting_in_a_share_without_a_hard_stop() -> None:
    meeting = a_meeting_with_members_only(a_phase(minutes=10, hard_stop=False), CLOSING)
    meeting.wait(11 * MINUTE)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(Begin(), ALICE)
    events = meeting.wait(4 * MINUTE)
    assert "phase_began" in named(events)


# wait


def test_a_room_that_waits_does_not_start() -> None:
    meeting = a_meeting_with_members_only(unattended="wait")
    assert meeting.wait(30 * MINUTE) == []
    meeting.join(GRETA)  # who may not start it
    assert meeting.room.state == "doors"


def test_nothing_moves_in_a_room_that_waits() -> None:
    auto = a_phase(minutes=10, advance="auto", auto_call=True)
    meeting = a_meeting_with_members_only(auto, CLOSING, unattended="wait")
    meeting.join(FAY)
    meeting.ask(Start(), FAY)
    meeting.ask(Leave(), FAY)
    meeting.wait(59 * SECOND)
    assert named(meeting.ask(RaiseHand(), ALICE)) == ["hand_raised", "called"]  # not yet
    meeting.ask(RaiseHand(), BOB)
    assert named(meeting.wait(11 * MINUTE)) == ["queue_closed", "share_ended", "hand_raised", "phase_due"]
    assert meeting.join(FAY)[-1].at == meeting.now
    assert meeting.room.phase == 1  # it goes on at once


def test_even_a_room_that_waits_does_not_wait_for_ever() -> None:
    meeting = a_meeting_with_members_only(unattended="wait", overrun_minutes=10)
    assert named(meeting.wait(45 * MINUTE)) == ["ended"]


# quiet


def test_a_room_goes_quiet_without_its_team_and_is_as_before_when_one_is_back() -> None:
    meeting = a_meeting_with_members_only(unattended="quiet")
    (quieted,) = meeting.wait(10 * MINUTE)
    assert (named([quieted]), quieted.by, quieted.at) == (["quieted"], None, NOON)
    assert meeting.refuses(Say(text="Hello?"), ALICE) == "chat_closed"
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "locked"
    assert named(meeting.join(TIM)) == ["joined", "unquieted"]
    assert (meeting.room.is_locked, meeting.room.effective_chat_mode) == (False, "open")


def test_those_who_come_early_find_no_locked_room() -> None:
    meeting = a_meeting_with_members_only(unattended="quiet")
    meeting.wait(4 * MINUTE)
    assert named(meeting.join(CHARLIE)) == ["joined"]


def test_the_quiet_of_an_unattended_room_comes_after_alone_seconds() -> None:
    meeting = a_meeting_with_members_only(unattended="quiet", alone_seconds=30)
    meeting.join(FAY)
    meeting.ask(Start(), FAY)
    meeting.ask(Chat(mode="closed"), FAY)
    meeting.wait(8 * MINUTE)
    meeting.goes_away(FAY)
    assert meeting.wait(30 * SECOND - 1) == []
    assert named(meeting.wait(1)) == ["quieted"]
    assert named(meeting.comes_back(FAY)) == ["returned", "unquieted"]
    assert meeting.room.chat_mode == "closed"


def test_quiet_that_somebody_made_stays_until_somebody_ends_it() -> None:
    meeting = a_meeting_with_members_only(unattended="quiet")
    meeting.join(FAY)
    meeting.ask(QuietRoom(), FAY)
    meeting.goes_away(FAY)
    meeting.wait(100 * SECOND)
    meeting.comes_back(FAY)
    assert meeting.room.is_quiet
    meeting.ask(Unquiet(), FAY)
    assert not meeting.room.is_quiet


def test_a_quiet_unattended_room_does_not_start_or_call() -> None:
    meeting = a_meeting_with_members_only(unattended="quiet")
    assert named(meeting.wait(30 * MINUTE)) == ["quieted"]
    assert meeting.room.state == "doors"


# runs_itself


@pytest.mark.parametrize("unattended", ["run", "wait"])
def test_a_room_that_runs_itself_does_so_though_the_team_is_here(unattended: str) -> None:
    meeting = a_meeting(WELCOME, SHARING, CLOSING, minutes=30, runs_itself=True, unattended=unattended)
    meeting.join(FAY, ALICE, BOB, CHARLIE)
    meeting.now = NOON - 1
    assert named(meeting.wait(1)) == ["started", "phase_began"]
    assert named(meeting.wait(5 * MINUTE)) == ["phase_began", "queue_opened"]
    assert the(Called, meeting.ask(RaiseHand(), CHARLIE)).who == CHARLIE
    assert meeting.wait(25 * MINUTE)[-1].at == NOON + 30 * MINUTE
    assert meeting.room.state == "fellowship"

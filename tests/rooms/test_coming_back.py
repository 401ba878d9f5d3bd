"""Presence: away and back, gone and back, left, and what is kept meanwhile."""

import pytest

from rooms.floor import RaiseHand
from rooms.presence import Disconnect, Join, Leave, Left
from rooms.vocabulary import ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, FAY, MINUTE, SECOND, TIM, a_meeting, a_round, a_share, named, the


def test_a_dropped_line_makes_somebody_away_and_not_gone() -> None:
    meeting = a_round(ALICE)
    assert named(meeting.goes_away(ALICE)) == ["away"]
    assert meeting.room.participants[ALICE].presence == "away"
    assert meeting.goes_away(ALICE) == []
    assert named(meeting.comes_back(ALICE)) == ["returned"]
    assert meeting.room.participants[ALICE].presence == "here"


def test_a_line_that_is_back_at_once_makes_no_event() -> None:
    assert a_round(ALICE).comes_back(ALICE) == []


def test_whoever_is_away_keeps_the_seat_the_role_and_the_hand() -> None:
    meeting = a_round(TIM, ALICE, BOB)
    for who in (TIM, ALICE, BOB):
        meeting.ask(RaiseHand(), who)
    meeting.goes_away(TIM, ALICE)
    meeting.wait(119 * SECOND)
    meeting.comes_back(TIM)
    meeting.comes_back(ALICE)
    assert meeting.queue == [TIM, ALICE, BOB]
    assert meeting.room.participants[TIM].role == "timekeeper"


def test_after_away_seconds_one_is_gone_and_the_hand_falls() -> None:
    meeting = a_round(ALICE, away_seconds=40)
    meeting.ask(RaiseHand(), ALICE)
    meeting.goes_away(ALICE)
    assert meeting.wait(40 * SECOND - 1) == []
    assert named(events := meeting.wait(1)) == ["hand_lowered", "left"]
    assert (the(Left, events).why, the(Left, events).by) == ("gone", None)
    assert ALICE not in meeting.room.participants


def test_each_is_gone_at_their_own_time() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE)
    meeting.goes_away(ALICE)
    meeting.wait(SECOND)
    meeting.goes_away(BOB, CHARLIE)
    meeting.comes_back(CHARLIE)
    meeting.wait(119 * SECOND)
    assert list(meeting.room.participants) == [FAY, BOB, CHARLIE]
    meeting.wait(SECOND)
    assert list(meeting.room.participants) == [FAY, CHARLIE]


def test_being_back_for_a_moment_starts_the_time_anew() -> None:
    meeting = a_round(ALICE)
    for _ in range(3):
        meeting.goes_away(ALICE)
        meeting.wait(100 * SECOND)
        meeting.comes_back(ALICE)
    assert ALICE in meeting.room.participants


def test_a_seat_that_was_gone_comes_back_as_the_same_participant_without_the_hand() -> None:
    meeting = a_round(ALICE, TIM)
    meeting.shares(ALICE)
    meeting.wait(5 * MINUTE)  # the share ends by itself
    meeting.ask(RaiseHand(), TIM)
    meeting.goes_away(ALICE, TIM)
    meeting.wait(2 * MINUTE)
    assert named(meeting.comes_back(ALICE)) == ["joined"]
    assert named(meeting.comes_back(TIM)) == ["joined"]
    assert meeting.room.participants[ALICE].shares == 1
    assert meeting.room.participants[TIM].role == "timekeeper"
    assert meeting.queue == []


def test_a_share_ends_when_its_owner_is_gone_not_when_the_line_drops() -> None:
    meeting = a_share(ALICE, away_seconds=60)
    meeting.wait(10 * SECOND)
    assert named(meeting.goes_away(ALICE)) == ["away"]
    meeting.wait(59 * SECOND)
    assert meeting.room.floor is not None
    assert named(events := meeting.wait(SECOND)) == ["share_ended", "left"]
    assert (events[0].why, events[0].spoke) == ("left", 70 * SECOND)  # type: ignore[attr-defined]


def test_leaving_is_for_good_the_seat_the_hand_and_the_role_end() -> None:
    meeting = a_round(TIM)
    meeting.ask(RaiseHand(), TIM)
    assert named(events := meeting.ask(Leave(), TIM)) == ["hand_lowered", "left"]
    assert (the(Left, events).why, the(Left, events).by) == ("left", TIM)
    meeting.ask(Join(who=ParticipantId("newcomer"), seat=TIM, name="Tim"))
    assert [(p.name, p.role) for p in meeting.room.participants.values()] == [("Fay", "facilitator"), ("Tim", "member")]


def test_leaving_ends_ones_own_share() -> None:
    meeting = a_share(ALICE)
    assert named(meeting.ask(Leave(), ALICE)) == ["share_ended", "left"]
    assert meeting.room.floor is None


def test_a_seat_that_has_left_needs_a_name_again() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Leave(), ALICE)
    assert meeting.refuses(Join(who=ALICE, seat=ALICE)) == "bad_name"


def test_a_line_that_ends_after_its_participant_has_left_means_nothing() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Leave(), ALICE)
    assert meeting.ask(Disconnect(who=ALICE)) == []


def test_a_seat_that_was_gone_comes_back_to_a_full_meeting() -> None:
    meeting = a_meeting(capacity=2, away_seconds=10)
    meeting.join(ALICE, BOB)
    meeting.goes_away(ALICE)
    meeting.wait(10 * SECOND)
    meeting.join(CHARLIE)
    assert named(meeting.comes_back(ALICE)) == ["joined"]
    assert len(meeting.room.participants) == 3


@pytest.mark.parametrize("since_joined", [-1, 0, 1])
def test_only_who_was_in_the_room_all_the_while_resumes(since_joined: int) -> None:
    meeting = a_round(ALICE)
    meeting.join(BOB)
    joined = meeting.room.seq
    meeting.says(ALICE)
    assert meeting.room.may_resume(BOB, joined + since_joined) is (since_joined >= 0)
    meeting.goes_away(BOB)
    assert meeting.room.may_resume(BOB, joined)  # away is in the room
    meeting.wait(2 * MINUTE)
    assert not meeting.room.may_resume(BOB, joined)
    meeting.comes_back(BOB)
    assert not meeting.room.may_resume(BOB, joined)  # a snapshot; what was said meanwhile was not for them
    assert meeting.room.may_resume(BOB, meeting.room.seq)

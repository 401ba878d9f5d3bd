"""Will I still get to share tonight? The queue says when, closes itself for want of time, and opens again."""

import pytest

from rooms.agenda import AddMinutes, GoTo, NextPhase, Start
from rooms.floor import (
    AddTime,
    Begin,
    Call,
    CloseQueue,
    Done,
    LowerHand,
    OpenQueue,
    QueueClosed,
    RaiseHand,
    SetShareTime,
    StopClock,
    fits,
)
from rooms.formats import Phase
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    DORA,
    EVE,
    FAY,
    MINUTE,
    NOON,
    SECOND,
    Meeting,
    a_meeting,
    a_phase,
    a_round,
    a_share,
    named,
    the,
)

TEN_MINUTES = a_phase(minutes=10)  # in shares of three


def expected(meeting: Meeting) -> list[float | None]:
    """In minutes from now."""
    times = [hand.expected_at for hand in meeting.view(FAY).queue.hands]
    return [None if at is None else (at - meeting.now) / MINUTE for at in times]


# How many more


@pytest.mark.parametrize(
    ("minutes", "shares"), [(0, 3), (0.99, 3), (1, 3), (1.01, 2), (4, 2), (7, 1), (8, 0), (10, 0), (12, 0)]
)
def test_it_fits_what_ends_before_the_phase_does_counted_from_now(minutes: float, shares: int) -> None:
    meeting = a_round(phase=TEN_MINUTES)
    meeting.wait(round(minutes * MINUTE))
    assert meeting.view(FAY).queue.fits == shares


def test_it_is_counted_from_the_end_of_the_running_share_grace_not_counted() -> None:
    meeting = a_share(ALICE, BOB, phase=TEN_MINUTES)
    assert fits(meeting.room, meeting.now) == 2  # seven minutes are left then
    meeting.wait(2 * MINUTE)
    assert fits(meeting.room, meeting.now) == 2
    meeting.ask(AddTime(seconds=60), FAY)
    assert fits(meeting.room, meeting.now) == 2  # six
    meeting.ask(AddTime(seconds=1), FAY)
    assert fits(meeting.room, meeting.now) == 1
    meeting.wait(2 * MINUTE + SECOND)  # its time is up, and the grace runs
    assert fits(meeting.room, meeting.now) == 1
    meeting.ask(Done(), ALICE)
    assert fits(meeting.room, meeting.now) == 1


def test_a_share_that_was_called_counts_as_a_whole_one() -> None:
    meeting = a_round(ALICE, phase=TEN_MINUTES)
    meeting.ask(Call(who=ALICE), FAY)
    assert fits(meeting.room, meeting.now) == 2


def test_a_share_whose_clock_stands_still_takes_what_it_has_left() -> None:
    meeting = a_share(ALICE, phase=TEN_MINUTES)
    meeting.wait(MINUTE)
    meeting.ask(StopClock(), FAY)
    assert fits(meeting.room, meeting.now) == 2  # two minutes of hers, then seven
    meeting.wait(2 * MINUTE)
    assert fits(meeting.room, meeting.now) == 1  # two, then five


def test_a_phase_without_an_end_fits_any_number() -> None:
    meeting = a_round(ALICE, BOB, phase=a_phase(minutes=None))
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(RaiseHand(), BOB)
    assert meeting.view(FAY).queue.fits is None
    assert expected(meeting) == [0, 3]


def test_a_shorter_share_time_fits_more() -> None:
    meeting = a_round(phase=TEN_MINUTES)
    meeting.ask(SetShareTime(seconds=90), FAY)
    assert fits(meeting.room, meeting.now) == 6


# When


def test_the_queue_says_when_each_is_expected() -> None:
    meeting = a_round(ALICE, BOB, phase=TEN_MINUTES)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(RaiseHand(), BOB)
    assert expected(meeting) == [0, 3]
    meeting.ask(Call(), FAY)
    assert expected(meeting) == [3]
    meeting.ask(Begin(), ALICE)
    meeting.wait(MINUTE)
    assert expected(meeting) == [2]
    meeting.ask(AddTime(seconds=30), FAY)
    assert expected(meeting) == [2.5]


def test_no_time_is_expected_for_a_hand_that_does_not_fit() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, DORA, phase=TEN_MINUTES)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    meeting.ask(OpenQueue(), FAY)
    meeting.ask(RaiseHand(), DORA)
    assert expected(meeting) == [0, 3, 6, None]


# Closing itself


def test_the_queue_closes_when_no_more_fit_than_hands_are_raised() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, DORA, phase=TEN_MINUTES)
    for who in (ALICE, BOB):
        assert named(meeting.ask(RaiseHand(), who)) == ["hand_raised"]
    events = meeting.ask(RaiseHand(), CHARLIE)
    assert named(events) == ["hand_raised", "queue_closed"]
    closed = the(QueueClosed, events)
    assert (closed.why, closed.by) == ("no_time", None)
    assert meeting.refuses(RaiseHand(), DORA) == "queue_closed"


def test_the_queue_closes_by_time_alone() -> None:
    meeting = a_round(ALICE, phase=TEN_MINUTES)
    meeting.ask(RaiseHand(), ALICE)
    assert meeting.wait(4 * MINUTE) == []  # two fit
    assert named(meeting.wait(1)) == ["queue_closed"]  # one, and one waits


def test_it_opens_again_when_a_hand_falls_or_more_fit() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=TEN_MINUTES)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    assert named(meeting.ask(LowerHand(), BOB)) == ["hand_lowered", "queue_opened"]
    assert named(meeting.ask(RaiseHand(), BOB)) == ["hand_raised", "queue_closed"]
    assert named(meeting.ask(AddMinutes(minutes=3), FAY)) == ["phase_extended", "queue_opened"]
    assert named(meeting.ask(AddMinutes(minutes=-3), FAY)) == ["phase_extended", "queue_closed"]
    assert named(meeting.ask(SetShareTime(seconds=120), FAY)) == ["share_time_changed", "queue_opened"]


def test_it_opens_again_when_a_share_ends_early() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=TEN_MINUTES)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    meeting.ask(Call(), FAY)
    meeting.ask(Begin(), ALICE)
    assert not meeting.room.queue_is_open
    meeting.wait(30 * SECOND)
    assert named(meeting.ask(Done(), ALICE)) == ["share_ended", "queue_opened"]


def test_a_queue_that_was_closed_by_hand_does_not_open_itself() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=TEN_MINUTES)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    assert the(QueueClosed, meeting.ask(CloseQueue(), FAY)).why == "closed"
    assert named(meeting.ask(LowerHand(), ALICE)) == ["hand_lowered"]


def test_a_queue_that_was_opened_by_hand_does_not_close_itself_in_this_phase() -> None:
    meeting = a_meeting(TEN_MINUTES, TEN_MINUTES)
    meeting.join(FAY, ALICE, BOB, CHARLIE, DORA)
    meeting.now = NOON
    meeting.ask(Start(), FAY)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    meeting.ask(OpenQueue(), FAY)
    assert named(meeting.ask(RaiseHand(), DORA)) == ["hand_raised"]
    assert named(meeting.wait(10 * MINUTE)) == ["phase_due"]
    assert named(meeting.ask(NextPhase(), FAY)) == ["phase_began", "queue_closed"]  # four hands, and three fit
    meeting.ask(LowerHand(), ALICE)
    assert named(meeting.ask(LowerHand(), BOB)) == ["hand_lowered", "queue_opened"]


@pytest.mark.parametrize("kind", ["reading", "speaker", "silence"])
def test_a_queue_that_had_closed_for_want_of_time_stays_closed_where_the_next_phase_wants_it_closed(kind: str) -> None:
    later = Phase(kind=kind, minutes=20)  # type: ignore[arg-type]
    meeting = a_meeting(TEN_MINUTES, later)
    meeting.join(FAY, ALICE)
    meeting.ask(Start(), FAY)
    meeting.wait(8 * MINUTE)
    assert not meeting.room.queue_is_open
    assert named(meeting.ask(NextPhase(), FAY)) == ["phase_began"]
    assert not meeting.room.queue_is_open
    assert named(meeting.ask(GoTo(phase=0), FAY)) == ["phase_began", "queue_opened"]


def test_a_phase_shorter_than_a_share_has_its_queue_closed_from_the_beginning() -> None:
    meeting = a_round(EVE, phase=a_phase(minutes=2))
    assert not meeting.room.queue_is_open
    meeting.ask(Call(who=EVE), FAY)  # but somebody may be called

"""The share's clock: warning, time, grace, the hard stop; adding time, stopping and starting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from rooms.floor import (
    AddTime,
    Begin,
    Call,
    ClockChanged,
    Done,
    SetShareTime,
    ShareEnded,
    StartClock,
    StopClock,
    TimeUp,
    Warned,
)
from rooms.vocabulary import Event
from tests.kit import ALICE, BOB, FAY, MINUTE, SECOND, TIM, Meeting, a_phase, a_round, a_share, named, the

ROUND = a_phase(minutes=None)


def after(meeting: Meeting, events: list[Event]) -> list[tuple[str, float]]:
    """What happened, and how many seconds after the share began."""
    began = next(e.at for e, _ in reversed(meeting.log) if named([e]) == ["began"])
    return [(name, (event.at - began) / SECOND) for name, event in zip(named(events), events, strict=True)]


# The time of a share


def test_a_share_is_warned_its_time_is_up_and_after_the_grace_it_ends() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    events = meeting.wait(10 * MINUTE)
    assert after(meeting, events) == [("warned", 120), ("time_up", 180), ("share_ended", 210)]
    assert the(Warned, events).left == 60
    assert the(TimeUp, events).grace_until == events[-1].at
    ended = the(ShareEnded, events)
    assert (ended.why, ended.spoke, ended.by) == ("time", 210 * SECOND, None)


def test_the_room_shows_the_state_of_the_share() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    states = []
    for _ in range(4):
        seen = meeting.view(FAY).floor
        states.append(None if seen is None else (seen.state, seen.warned))
        meeting.wait(75 * SECOND)
    assert states == [("sharing", False), ("sharing", False), ("sharing", True), None]


def test_without_a_hard_stop_the_share_goes_on_until_somebody_ends_it() -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None, hard_stop=False))
    events = meeting.wait(20 * MINUTE)
    assert named(events) == ["warned", "time_up"]
    assert the(TimeUp, events).grace_until is None
    assert the(ShareEnded, meeting.ask(Done(), ALICE)).spoke == 20 * MINUTE


def test_without_grace_the_share_ends_with_its_time() -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None, grace_seconds=0))
    assert after(meeting, meeting.wait(5 * MINUTE))[1:] == [("time_up", 180), ("share_ended", 180)]


@pytest.mark.parametrize(("warn", "is_warned"), [(0, False), (59.5, True), (60, False), (61, False)])
def test_there_is_no_warning_in_a_share_that_is_no_longer_than_that(warn: float, is_warned: bool) -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None, share_seconds=60, warn_seconds=warn))
    assert ("warned" in named(meeting.wait(2 * MINUTE))) is is_warned


# The limit of the coming shares


def test_the_limit_of_the_coming_shares_is_set_and_never_of_the_running_one() -> None:
    meeting = a_share(ALICE, BOB, phase=ROUND)
    meeting.ask(SetShareTime(seconds=90), FAY)
    assert meeting.ask(SetShareTime(seconds=90), FAY) == []
    assert after(meeting, meeting.wait(5 * MINUTE))[-1] == ("share_ended", 210)
    meeting.shares(BOB)
    assert after(meeting, meeting.wait(5 * MINUTE))[-1] == ("share_ended", 120)


def test_a_share_that_was_called_and_has_not_begun_is_a_coming_one() -> None:
    meeting = a_round(ALICE, phase=ROUND)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(SetShareTime(seconds=90), FAY)
    meeting.ask(Begin(), ALICE)
    assert after(meeting, meeting.wait(5 * MINUTE))[-1] == ("share_ended", 120)


@pytest.mark.parametrize("seconds", [0, -60, 0.05, float("nan"), float("inf"), 1e9])
def test_no_share_is_endless_or_nothing(seconds: float) -> None:
    assert a_round(phase=ROUND).refuses(SetShareTime(seconds=seconds), FAY) == "bad_message"


# Adding time


def test_time_is_added_and_taken_away() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    ends_at = meeting.now + 3 * MINUTE
    assert the(ClockChanged, meeting.ask(AddTime(seconds=30), FAY)).ends_at == ends_at + 30 * SECOND
    assert the(ClockChanged, meeting.ask(AddTime(seconds=-60), FAY)).ends_at == ends_at - 30 * SECOND
    assert after(meeting, meeting.wait(5 * MINUTE)) == [("warned", 90), ("time_up", 150), ("share_ended", 180)]


def test_the_warning_comes_again_after_more_time_has_carried_the_share_back_over_the_line() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(130 * SECOND)
    meeting.ask(AddTime(seconds=60), FAY)
    assert after(meeting, meeting.wait(5 * MINUTE)) == [("warned", 180), ("time_up", 240), ("share_ended", 270)]


def test_the_warning_does_not_come_again_for_a_little_more_time() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(130 * SECOND)
    assert named(meeting.ask(AddTime(seconds=10), FAY)) == ["clock_changed"]  # the line itself
    assert after(meeting, meeting.wait(5 * MINUTE)) == [("time_up", 190), ("share_ended", 220)]


def test_time_that_is_taken_away_brings_the_warning_or_the_end_at_once() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(30 * SECOND)
    events = meeting.ask(AddTime(seconds=-110), FAY)
    assert named(events) == ["clock_changed", "warned"]
    assert the(Warned, events).left == 40
    events = meeting.ask(AddTime(seconds=-600), FAY)
    assert named(events) == ["clock_changed", "time_up"]
    assert the(TimeUp, events).grace_until == meeting.now + 30 * SECOND  # the grace is not taken away
    assert named(meeting.ask(AddTime(seconds=-600), FAY)) == ["clock_changed"]
    assert named(meeting.wait(30 * SECOND)) == ["share_ended"]


def test_a_short_share_made_longer_than_the_warning_is_warned() -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None, share_seconds=60))
    meeting.ask(AddTime(seconds=60), FAY)
    assert after(meeting, meeting.wait(5 * MINUTE)) == [("warned", 60), ("time_up", 120), ("share_ended", 150)]


def test_time_that_is_added_after_it_was_up_lets_the_share_go_on() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(190 * SECOND)
    meeting.ask(AddTime(seconds=120), FAY)
    seen = meeting.view(ALICE).floor
    assert seen is not None
    assert (seen.state, seen.warned) == ("sharing", False)
    assert after(meeting, meeting.wait(5 * MINUTE)) == [("warned", 240), ("time_up", 300), ("share_ended", 330)]


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), 1e9, -1e9])
def test_no_other_number_of_seconds_is_added(seconds: float) -> None:
    assert a_share(ALICE).refuses(AddTime(seconds=seconds), FAY) == "bad_message"


# Stopping the clock


def test_a_clock_that_stands_still_keeps_what_is_left() -> None:
    meeting = a_share(ALICE, TIM, phase=ROUND)
    meeting.wait(MINUTE)
    assert the(ClockChanged, meeting.ask(StopClock(), TIM)).left == 2 * MINUTE
    seen = meeting.view(ALICE).floor
    assert seen is not None
    assert (seen.left, seen.ends_at) == (2 * MINUTE, UNSET)
    assert meeting.wait(10 * MINUTE) == []
    assert the(ClockChanged, meeting.ask(StartClock(), TIM)).ends_at == meeting.now + 2 * MINUTE
    events = meeting.wait(10 * MINUTE)
    assert named(events) == ["warned", "time_up", "share_ended"]
    assert the(ShareEnded, events).spoke == 210 * SECOND  # while the clock ran


def test_stopping_what_stands_and_starting_what_runs_is_so_already() -> None:
    meeting = a_share(ALICE)
    assert meeting.ask(StartClock(), FAY) == []
    meeting.ask(StopClock(), FAY)
    assert meeting.ask(StopClock(), FAY) == []


def test_time_may_be_added_while_the_clock_stands_still() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.ask(StopClock(), FAY)
    changed = the(ClockChanged, meeting.ask(AddTime(seconds=30), FAY))
    assert (changed.left, changed.ends_at) == (210 * SECOND, None)
    meeting.ask(AddTime(seconds=-300), FAY)
    assert named(meeting.ask(StartClock(), FAY)) == ["clock_changed", "time_up"]  # more was taken than was left


def test_the_grace_stands_still_with_the_clock() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(190 * SECOND)
    meeting.ask(StopClock(), FAY)
    assert meeting.wait(5 * MINUTE) == []
    meeting.ask(StartClock(), FAY)
    assert meeting.wait(20 * SECOND - 1) == []
    assert named(meeting.wait(1)) == ["share_ended"]


def test_a_share_may_end_while_its_clock_stands_still() -> None:
    meeting = a_share(ALICE)
    meeting.wait(MINUTE)
    meeting.ask(StopClock(), FAY)
    meeting.wait(MINUTE)
    assert the(ShareEnded, meeting.ask(Done(), ALICE)).spoke == MINUTE


@pytest.mark.parametrize("command", [StopClock(), StartClock(), AddTime(seconds=30)])
def test_there_is_no_clock_before_a_share_has_begun(command: StopClock | StartClock | AddTime) -> None:
    meeting = a_round(ALICE)
    assert meeting.refuses(command, FAY) == "not_now"
    meeting.ask(Call(who=ALICE), FAY)
    assert meeting.refuses(command, FAY) == "not_now"


steps = st.tuples(
    st.sampled_from([StopClock(), StartClock(), AddTime(seconds=45), AddTime(seconds=-20)]),
    st.sampled_from([0, 1, 700, 10 * SECOND, 50 * SECOND]),
)


@given(st.lists(steps, max_size=12))
def test_what_was_spoken_and_what_the_clock_stood_still_add_up(
    doings: list[tuple[StopClock | StartClock | AddTime, int]],
) -> None:
    meeting = a_share(ALICE, phase=a_phase(minutes=None, hard_stop=False))
    began, stood, limit, stopped_at = meeting.now, 0, 3 * MINUTE, None
    for command, pause in doings:
        meeting.ask(command, FAY)
        if isinstance(command, StopClock) and stopped_at is None:
            stopped_at = meeting.now
        elif isinstance(command, StartClock) and stopped_at is not None:
            stood, stopped_at = stood + meeting.now - stopped_at, None
        elif isinstance(command, AddTime):
            spoken = meeting.now - began - stood - (0 if stopped_at is None else meeting.now - stopped_at)
            limit = max(limit + round(command.seconds * SECOND), min(limit, spoken))  # it ends now at the earliest
        meeting.wait(pause)
    stood += 0 if stopped_at is None else meeting.now - stopped_at
    seen = meeting.view(ALICE).floor
    assert seen is not None
    left = seen.left if isinstance(seen.left, int) else seen.ends_at - meeting.now  # type: ignore[operator]
    spoke = the(ShareEnded, meeting.ask(Done(), ALICE)).spoke
    assert spoke + stood == meeting.now - began
    assert spoke + left == limit

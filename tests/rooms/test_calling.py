"""Giving the floor: call, begin, pass, done, stop, put back, pick; calls not answered; calls by the room itself."""

import pytest

from rooms.agenda import Assign, GoTo, NextPhase, Start
from rooms.chat import Say
from rooms.floor import (
    Began,
    Begin,
    Call,
    Called,
    CloseQueue,
    Done,
    HandLowered,
    HandRaised,
    Pass,
    Pick,
    PutBack,
    RaiseHand,
    ShareEnded,
    StopShare,
)
from rooms.formats import Phase
from rooms.vocabulary import ShareId
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    DORA,
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

ROUND = a_phase(minutes=None)


def a_queue(phase: Phase = ROUND) -> Meeting:
    """Alice, Bob and Charlie have raised their hands."""
    meeting = a_round(ALICE, BOB, CHARLIE, DORA, phase=phase)
    for who in (ALICE, BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    return meeting


def share_of(meeting: Meeting) -> ShareId:
    assert meeting.room.floor is not None
    return meeting.room.floor.id


# Calling


def test_the_next_in_the_queue_is_called_and_the_hand_is_taken_out() -> None:
    meeting = a_queue()
    called = the(Called, meeting.ask(Call(), FAY))
    assert (called.who, called.answer_by) == (ALICE, meeting.now + 30 * SECOND)
    assert meeting.queue == [BOB, CHARLIE]
    seen = meeting.view(DORA).floor
    assert seen is not None
    assert (seen.who, seen.share, seen.state, seen.answer_by) == (ALICE, called.share, "called", called.answer_by)


def test_the_next_is_the_first_who_is_here() -> None:
    meeting = a_queue()
    meeting.goes_away(ALICE)
    assert the(Called, meeting.ask(Call(), FAY)).who == BOB
    assert meeting.queue == [ALICE, CHARLIE]


def test_anybody_here_may_be_named_hand_or_not() -> None:
    meeting = a_queue()
    assert the(Called, meeting.ask(Call(who=CHARLIE), FAY)).who == CHARLIE
    assert the(Called, meeting.ask(Call(who=DORA), FAY)).who == DORA
    assert meeting.queue == [ALICE, BOB]


def test_nobody_is_called_who_is_away_or_has_the_floor_already() -> None:
    meeting = a_queue()
    meeting.goes_away(BOB)
    assert meeting.refuses(Call(who=BOB), FAY) == "not_now"
    meeting.ask(Call(), FAY)
    assert meeting.refuses(Call(who=ALICE), FAY) == "not_now"
    assert meeting.refuses(Call(who="nobody"), FAY) == "no_such_participant"


def test_with_nobody_waiting_nobody_is_called_and_a_share_goes_on() -> None:
    meeting = a_share(ALICE)
    assert meeting.refuses(Call(), FAY) == "not_now"
    assert meeting.room.floor is not None


def test_a_call_ends_the_share_that_has_the_floor_in_one_step() -> None:
    meeting = a_queue()
    meeting.shares(DORA)
    meeting.wait(MINUTE)
    events = meeting.ask(Call(), FAY)
    assert named(events) == ["share_ended", "called"]
    ended = the(ShareEnded, events)
    assert (ended.who, ended.why, ended.spoke) == (DORA, "next", MINUTE)


def test_a_call_is_refused_if_the_floor_has_changed_hands_in_the_meantime() -> None:
    meeting = a_queue()
    nobody = Call(after=None)
    meeting.ask(nobody, FAY)
    assert meeting.refuses(nobody, FAY) == "not_now"
    assert meeting.refuses(Call(after="another"), FAY) == "not_now"
    meeting.ask(Call(after=share_of(meeting)), FAY)
    assert share_of(meeting) == meeting.ask(Begin(), BOB)[0].share  # type: ignore[attr-defined]


def test_somebody_may_be_called_while_the_queue_is_closed() -> None:
    meeting = a_queue()
    meeting.ask(CloseQueue(), FAY)
    assert the(Called, meeting.ask(Call(), FAY)).who == ALICE


def test_every_share_has_an_id_of_its_own() -> None:
    meeting = a_queue()
    shares = [the(Called, meeting.ask(Call(), FAY)).share for _ in range(3)]
    assert len(set(shares)) == 3


# Beginning and ending


def test_the_called_begins_and_the_clock_starts() -> None:
    meeting = a_queue()
    meeting.ask(Call(), FAY)
    meeting.wait(10 * SECOND)
    began = the(Began, meeting.ask(Begin(), ALICE))
    assert (began.who, began.ends_at) == (ALICE, meeting.now + 3 * MINUTE)
    assert meeting.refuses(Begin(), ALICE) == "not_now"


def test_nobody_begins_without_having_been_called() -> None:
    meeting = a_queue()
    assert meeting.refuses(Begin(), ALICE) == "not_now"
    meeting.ask(Call(), FAY)
    assert meeting.refuses(Begin(), BOB) == "not_your_turn"


def test_done_ends_ones_own_share_and_counts_it() -> None:
    meeting = a_share(ALICE, BOB)
    meeting.wait(95 * SECOND)
    ended = the(ShareEnded, meeting.ask(Done(), ALICE))
    assert (ended.who, ended.why, ended.spoke) == (ALICE, "done", 95 * SECOND)
    assert meeting.room.participants[ALICE].shares == 1
    assert meeting.refuses(Done(), ALICE) == "not_your_turn"


def test_the_called_may_pass_which_is_no_share() -> None:
    meeting = a_queue()
    meeting.ask(Call(), FAY)
    assert the(ShareEnded, meeting.ask(Pass(), ALICE)).why == "passed"
    assert meeting.room.participants[ALICE].shares == 0
    assert meeting.refuses(Pass(), BOB) == "not_your_turn"  # who has not been called


def test_a_share_that_has_begun_is_not_passed() -> None:
    assert a_share(ALICE).refuses(Pass(), ALICE) == "not_now"


def test_done_before_the_beginning_is_a_pass() -> None:
    meeting = a_queue()
    meeting.ask(Call(), FAY)
    assert the(ShareEnded, meeting.ask(Done(), ALICE)).why == "passed"


def test_who_keeps_the_time_stops_a_share() -> None:
    meeting = a_share(ALICE, TIM)
    meeting.wait(MINUTE)
    ended = the(ShareEnded, meeting.ask(StopShare(), TIM))
    assert (ended.why, ended.spoke, ended.by) == ("stopped", MINUTE, TIM)
    assert meeting.refuses(StopShare(), TIM) == "not_now"


def test_two_who_stop_the_same_share_together_do_not_stop_the_next() -> None:
    meeting = a_share(ALICE, BOB, TIM)
    stop = StopShare(share=meeting.room.floor.id if meeting.room.floor else "")
    meeting.ask(stop, TIM)
    meeting.ask(Call(who=BOB), FAY)
    assert meeting.refuses(stop, FAY) == "not_now"


# Putting back


def test_after_a_mis_click_the_called_goes_back_to_the_front() -> None:
    meeting = a_queue()
    meeting.ask(RaiseHand(topic="Hope"), DORA)
    meeting.ask(Call(who=DORA), FAY)
    events = meeting.ask(PutBack(who=DORA), FAY)
    assert named(events) == ["share_ended", "hand_raised"]
    raised = the(HandRaised, events)
    assert (the(ShareEnded, events).why, raised.place, raised.topic) == ("put_back", 0, "Hope")
    assert meeting.queue == [DORA, ALICE, BOB, CHARLIE]


def test_a_share_that_was_put_back_has_not_been_shared() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.goes_away(ALICE)  # a lost line
    meeting.ask(PutBack(who=ALICE), FAY)
    assert meeting.room.participants[ALICE].shares == 0
    assert meeting.queue == [ALICE]


def test_somebody_here_who_is_not_in_the_queue_is_put_to_its_front() -> None:
    meeting = a_queue()
    assert named(meeting.ask(PutBack(who=DORA), FAY)) == ["hand_raised"]
    assert meeting.queue == [DORA, ALICE, BOB, CHARLIE]
    assert meeting.refuses(PutBack(who=DORA), FAY) == "already_queued"


def test_nobody_is_put_back_who_is_away() -> None:
    meeting = a_queue()
    meeting.goes_away(DORA)
    assert meeting.refuses(PutBack(who=DORA), FAY) == "not_now"


# No answer


def test_a_call_that_is_not_answered_ends_and_the_hand_goes_to_place_1() -> None:
    meeting = a_queue()
    meeting.ask(Call(), FAY)
    assert meeting.wait(30 * SECOND - 1) == []
    events = meeting.wait(1)
    assert named(events) == ["share_ended", "hand_raised"]
    assert (the(ShareEnded, events).why, the(HandRaised, events).place) == ("no_answer", 1)
    assert meeting.queue == [BOB, ALICE, CHARLIE]


def test_the_second_time_the_hand_is_lowered() -> None:
    meeting = a_queue()
    for _ in range(2):
        meeting.ask(Call(who=ALICE), FAY)
        events = meeting.wait(30 * SECOND)
    assert named(events) == ["share_ended", "hand_lowered"]
    assert the(HandLowered, events).why == "no_answer"
    assert meeting.queue == [BOB, CHARLIE]
    meeting.ask(RaiseHand(), ALICE)  # and counts from one again
    meeting.ask(Call(who=ALICE), FAY)
    assert named(meeting.wait(30 * SECOND)) == ["share_ended", "hand_raised"]


@pytest.mark.parametrize("answer", [Begin(), Pass()])
def test_an_answer_in_between_makes_the_next_time_the_first(answer: Begin | Pass) -> None:
    meeting = a_queue()
    meeting.ask(Call(), FAY)
    meeting.wait(30 * SECOND)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(answer, ALICE)
    meeting.wait(4 * MINUTE)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(Call(who=ALICE), FAY)
    assert named(meeting.wait(30 * SECOND)) == ["share_ended", "hand_raised"]


def test_with_nobody_else_waiting_the_hand_goes_where_there_is_a_place() -> None:
    meeting = a_round(ALICE, phase=ROUND)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(Call(), FAY)
    assert the(HandRaised, meeting.wait(30 * SECOND)).place == 0


def test_who_was_called_without_a_hand_has_none_afterwards() -> None:
    meeting = a_queue()
    meeting.ask(Call(who=DORA), FAY)
    assert named(meeting.wait(30 * SECOND)) == ["share_ended"]


def test_the_time_to_answer_is_the_formats() -> None:
    meeting = a_round(ALICE, answer_seconds=12.5)
    assert the(Called, meeting.ask(Call(who=ALICE), FAY)).answer_by == meeting.now + 12_500


def test_it_takes_an_answer_not_a_connection_the_queue_never_waits_for_a_silent_phone() -> None:
    meeting = a_queue(a_phase(minutes=None, auto_call=True))
    meeting.goes_away(ALICE)  # she has been called already
    meeting.wait(30 * SECOND)
    assert meeting.queue == [ALICE, CHARLIE]
    assert meeting.room.floor is not None
    assert meeting.room.floor.who == BOB


# Calls by the room itself

AUTO = a_phase(minutes=None, auto_call=True)


def test_with_auto_call_the_next_hand_is_called_without_the_facilitator() -> None:
    meeting = a_round(ALICE, BOB, phase=AUTO)
    events = meeting.ask(RaiseHand(), ALICE)
    assert named(events) == ["hand_raised", "called"]
    assert the(Called, events).by is None
    meeting.ask(RaiseHand(), BOB)
    meeting.ask(Begin(), ALICE)
    assert named(meeting.ask(Done(), ALICE)) == ["share_ended", "called"]


def test_with_auto_call_nobody_is_called_whose_share_would_not_end_before_the_phase() -> None:
    meeting = a_round(ALICE, BOB, phase=a_phase(minutes=5, auto_call=True))
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(Begin(), ALICE)
    meeting.ask(PutBack(who=BOB), FAY)
    assert "called" not in named(meeting.wait(4 * MINUTE))
    meeting.ask(Call(), FAY)  # the facilitator may


def test_with_auto_call_whoever_comes_back_is_called() -> None:
    meeting = a_round(ALICE, BOB, phase=AUTO)
    for who in (BOB, ALICE):
        meeting.ask(RaiseHand(), who)
    meeting.goes_away(ALICE)
    meeting.ask(Begin(), BOB)
    meeting.ask(Done(), BOB)
    assert meeting.room.floor is None
    assert named(meeting.comes_back(ALICE)) == ["returned", "called"]


# Speakers


def a_speaker_meeting(auto_call: bool = False) -> Meeting:
    speaker = Phase(kind="speaker", minutes=20, share_seconds=900, auto_call=auto_call)
    meeting = a_meeting(speaker, ROUND)
    meeting.join(FAY, ALICE, BOB)
    meeting.now = NOON
    return meeting


def test_in_a_speaker_phase_anybody_is_called() -> None:
    meeting = a_speaker_meeting()
    meeting.ask(Start(), FAY)
    assert the(Called, meeting.ask(Call(who=BOB), FAY)).who == BOB


def test_the_speaker_who_was_assigned_is_the_next() -> None:
    meeting = a_speaker_meeting()
    meeting.ask(Assign(phase=0, who=BOB), FAY)
    meeting.ask(Start(), FAY)
    assert the(Called, meeting.ask(Call(), FAY)).who == BOB
    meeting.ask(Begin(), BOB)
    meeting.ask(Done(), BOB)
    assert meeting.refuses(Call(), FAY) == "not_now"  # once


def test_with_auto_call_the_assigned_speaker_is_called_at_the_beginning() -> None:
    meeting = a_speaker_meeting(auto_call=True)
    meeting.ask(Assign(phase=0, who=BOB), FAY)
    assert named(meeting.ask(Start(), FAY)) == ["started", "phase_began", "called"]


def test_a_speaker_who_is_away_is_not_called() -> None:
    meeting = a_speaker_meeting()
    meeting.ask(Assign(phase=0, who=BOB), FAY)
    meeting.ask(Start(), FAY)
    meeting.goes_away(BOB)
    assert meeting.refuses(Call(), FAY) == "not_now"


# Picking

PICK = a_phase(minutes=None, order="pick")


def test_each_picks_the_next_among_those_who_are_here() -> None:
    meeting = a_share(ALICE, BOB, CHARLIE, phase=PICK)
    meeting.ask(RaiseHand(), CHARLIE)
    meeting.wait(MINUTE)
    events = meeting.ask(Pick(who=BOB), ALICE)
    assert named(events) == ["share_ended", "called"]
    assert (the(ShareEnded, events).why, the(Called, events).who) == ("done", BOB)
    assert meeting.refuses(Pick(who=CHARLIE), ALICE) == "not_your_turn"
    assert the(ShareEnded, meeting.ask(Pick(who=CHARLIE), BOB)).why == "passed"  # without having shared
    assert meeting.queue == []


def test_nobody_picks_themselves_or_somebody_away_or_unknown() -> None:
    meeting = a_share(ALICE, BOB, phase=PICK)
    meeting.goes_away(BOB)
    assert meeting.refuses(Pick(who=ALICE), ALICE) == "not_now"
    assert meeting.refuses(Pick(who=BOB), ALICE) == "not_now"
    assert meeting.refuses(Pick(who="nobody"), ALICE) == "no_such_participant"


@pytest.mark.parametrize("order", ["hands", "fifo", "circle"])
def test_in_other_orders_nobody_picks(order: str) -> None:
    meeting = a_round(ALICE, BOB, phase=a_phase(minutes=None, order=order))
    meeting.ask(Call(who=ALICE), FAY)
    assert meeting.refuses(Pick(who=BOB), ALICE) == "not_now"


def test_who_is_called_may_go_on_talking_in_the_chat() -> None:
    meeting = a_round(ALICE, BOB, phase=ROUND)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(Say(text="A moment, please."), ALICE)
    meeting.ask(Say(text="Take your time."), BOB)


def test_the_floor_is_free_after_the_phase() -> None:
    meeting = a_meeting(ROUND, ROUND)
    meeting.join(FAY, ALICE)
    meeting.ask(Start(), FAY)
    meeting.ask(Call(who=ALICE), FAY)
    assert the(ShareEnded, meeting.ask(NextPhase(), FAY)).why == "phase"
    meeting.ask(GoTo(phase=0), FAY)
    assert meeting.room.floor is None

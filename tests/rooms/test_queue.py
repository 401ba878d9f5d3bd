"""The share queue: raising and lowering hands, and their order."""

import pytest

from rooms.agenda import AddMinutes
from rooms.chat import Say
from rooms.floor import (
    Call,
    CloseQueue,
    HandLowered,
    HandMoved,
    HandRaised,
    LowerHand,
    MoveHand,
    OpenQueue,
    QueueClosed,
    RaiseHand,
    next_in_queue,
)
from rooms.safety import Mute
from rooms.vocabulary import ParticipantId
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    DORA,
    FAY,
    MINUTE,
    TIM,
    Meeting,
    a_meeting,
    a_phase,
    a_round,
    a_share,
    named,
    the,
)

ROUND = a_phase(minutes=None)  # so that the queue stays open


def hands(meeting: Meeting, *people: ParticipantId) -> None:
    for who in people:
        meeting.ask(RaiseHand(), who)


def have_shared(meeting: Meeting, *people: ParticipantId) -> None:
    for who in people:
        meeting.shares(who)
        meeting.wait(4 * MINUTE)


def test_a_hand_goes_to_the_end_of_the_queue() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=ROUND)
    for place, who in enumerate((ALICE, BOB, CHARLIE)):
        raised = the(HandRaised, meeting.ask(RaiseHand(), who))
        assert (raised.who, raised.place) == (who, place)
    assert meeting.queue == [ALICE, BOB, CHARLIE]


def test_a_hand_may_say_what_it_is_about() -> None:
    meeting = a_round(ALICE, BOB)
    assert the(HandRaised, meeting.ask(RaiseHand(topic="  Hope "), ALICE)).topic == "Hope"
    assert the(HandRaised, meeting.ask(RaiseHand(topic="  "), BOB)).topic is None
    assert [hand.topic for hand in meeting.view(FAY).queue.hands] == ["Hope", None]


def test_nobody_has_two_hands() -> None:
    meeting = a_share(ALICE, BOB, phase=ROUND)
    hands(meeting, BOB)
    assert meeting.refuses(RaiseHand(), BOB) == "already_queued"
    assert meeting.refuses(RaiseHand(), ALICE) == "already_queued"  # who has the floor


def test_a_hand_is_lowered_by_its_owner_or_by_who_keeps_the_time() -> None:
    meeting = a_round(TIM, ALICE, BOB, phase=ROUND)
    hands(meeting, ALICE, BOB)
    lowered = the(HandLowered, meeting.ask(LowerHand(), ALICE))
    assert (lowered.who, lowered.why) == (ALICE, "lowered")
    assert the(HandLowered, meeting.ask(LowerHand(who=BOB), TIM)).who == BOB
    assert meeting.ask(LowerHand(), ALICE) == []
    assert meeting.ask(LowerHand(who=BOB), TIM) == []


def test_a_hand_is_moved() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=ROUND)
    hands(meeting, ALICE, BOB, CHARLIE)
    moved = the(HandMoved, meeting.ask(MoveHand(who=CHARLIE, place=0), FAY))
    assert (moved.who, moved.place) == (CHARLIE, 0)
    assert meeting.queue == [CHARLIE, ALICE, BOB]
    assert the(HandMoved, meeting.ask(MoveHand(who=CHARLIE, place=99), FAY)).place == 2
    assert meeting.queue == [ALICE, BOB, CHARLIE]
    assert meeting.ask(MoveHand(who=BOB, place=1), FAY) == []
    assert meeting.refuses(MoveHand(who=FAY, place=0), FAY) == "not_now"


def test_an_away_participant_keeps_the_place_in_the_queue() -> None:
    meeting = a_round(ALICE, BOB, phase=ROUND)
    hands(meeting, ALICE, BOB)
    meeting.goes_away(ALICE)
    assert next_in_queue(meeting.room, meeting.now) == BOB  # she is not called while away,
    meeting.comes_back(ALICE)
    assert next_in_queue(meeting.room, meeting.now) == ALICE  # and has lost nothing


# Opening and closing


def test_a_closed_queue_takes_no_hands_and_keeps_those_it_has() -> None:
    meeting = a_round(ALICE, BOB, phase=ROUND)
    hands(meeting, ALICE)
    assert the(QueueClosed, meeting.ask(CloseQueue(), FAY)).why == "closed"
    assert meeting.refuses(RaiseHand(), BOB) == "queue_closed"
    assert meeting.queue == [ALICE]
    assert meeting.ask(CloseQueue(), FAY) == []
    assert named(meeting.ask(OpenQueue(), FAY)) == ["queue_opened"]
    assert meeting.ask(OpenQueue(), FAY) == []
    hands(meeting, BOB)


def test_before_the_meeting_there_is_no_queue() -> None:
    meeting = a_meeting()
    meeting.join(ALICE)
    assert meeting.refuses(RaiseHand(), ALICE) == "queue_closed"


def test_a_muted_person_raises_no_hand_and_the_hand_falls() -> None:
    meeting = a_round(ALICE, phase=ROUND)
    hands(meeting, ALICE)
    events = meeting.ask(Mute(who=ALICE), FAY)
    assert named(events) == ["muted", "hand_lowered"]
    assert the(HandLowered, events).why == "muted"
    assert meeting.refuses(RaiseHand(), ALICE) == "muted"


# Order


def test_with_hands_those_who_have_not_shared_yet_come_first() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, DORA, phase=ROUND)
    have_shared(meeting, ALICE, BOB)
    hands(meeting, ALICE, CHARLIE, BOB, DORA)
    assert meeting.queue == [CHARLIE, DORA, ALICE, BOB]


def test_with_hands_a_moved_hand_stays_where_it_was_moved_to() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=ROUND)
    have_shared(meeting, ALICE)
    hands(meeting, BOB, ALICE)
    meeting.ask(MoveHand(who=ALICE, place=0), FAY)
    hands(meeting, CHARLIE)
    assert meeting.queue == [ALICE, BOB, CHARLIE]


@pytest.mark.parametrize("order", ["fifo", "pick"])
def test_with_fifo_and_pick_hands_stand_as_they_were_raised(order: str) -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=a_phase(minutes=None, order=order))
    have_shared(meeting, ALICE)
    hands(meeting, ALICE, BOB, CHARLIE)
    assert meeting.queue == [ALICE, BOB, CHARLIE]


def test_whether_somebody_has_shared_is_counted_over_the_whole_occurrence() -> None:
    meeting = a_round(ALICE, BOB, phase=ROUND)
    have_shared(meeting, ALICE)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(ALICE)
    hands(meeting, ALICE, BOB)
    assert meeting.queue == [BOB, ALICE]


# The reserve

RESERVED = a_phase(minutes=30, reserve_seconds=600, share_seconds=60)


def test_the_last_part_of_a_round_is_kept_for_those_who_have_not_shared_yet() -> None:
    meeting = a_round(ALICE, BOB, phase=RESERVED)
    have_shared(meeting, ALICE)
    hands(meeting, ALICE)
    assert next_in_queue(meeting.room, meeting.now) == ALICE
    meeting.wait(16 * MINUTE)  # the reserve has begun
    assert next_in_queue(meeting.room, meeting.now) is None
    assert meeting.refuses(Call(), FAY) == "not_now"
    hands(meeting, BOB)
    assert next_in_queue(meeting.room, meeting.now) == BOB


def test_in_the_reserve_somebody_may_still_be_named() -> None:
    meeting = a_round(ALICE, BOB, phase=RESERVED)
    have_shared(meeting, ALICE)
    hands(meeting, ALICE)
    meeting.wait(16 * MINUTE)
    meeting.ask(Call(who=ALICE), FAY)
    assert meeting.room.floor is not None


def test_the_reserve_moves_with_the_end_of_the_phase() -> None:
    meeting = a_round(ALICE, phase=RESERVED)
    have_shared(meeting, ALICE)
    hands(meeting, ALICE)
    meeting.wait(16 * MINUTE)
    meeting.ask(AddMinutes(minutes=10), FAY)
    assert next_in_queue(meeting.room, meeting.now) == ALICE


def test_talk_does_not_touch_the_queue() -> None:
    meeting = a_round(ALICE, phase=ROUND)
    version = meeting.room.version
    meeting.ask(Say(text="Good evening."), ALICE)
    assert meeting.room.version == version
    hands(meeting, ALICE)
    assert meeting.room.version == meeting.room.seq

"""The circle: everybody in turn, in the order in which they came, and nobody twice."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import GoTo, Start
from rooms.floor import Begin, Call, Called, CircleFormed, Done, LowerHand, Pass, RaiseHand
from rooms.presence import Admit, Join
from rooms.safety import Mute
from rooms.vocabulary import ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, DORA, FAY, MINUTE, SECOND, Meeting, a_meeting, a_phase, a_round, named, the

CIRCLE = a_phase(minutes=None, order="circle")
BY_ITSELF = a_phase(minutes=None, order="circle", auto_call=True)


def test_everybody_here_stands_in_the_queue_in_order_of_arrival() -> None:
    meeting = a_round(CHARLIE, ALICE, BOB, phase=CIRCLE)
    formed = next(event for event, _ in meeting.log if isinstance(event, CircleFormed))
    assert formed.order == [FAY, CHARLIE, ALICE, BOB] == meeting.queue


def test_latecomers_stand_at_its_end() -> None:
    meeting = a_round(ALICE, phase=CIRCLE)
    assert named(meeting.join(BOB)) == ["joined", "hand_raised"]
    assert meeting.queue == [FAY, ALICE, BOB]


def test_latecomers_from_the_waiting_room_stand_at_its_end_in_their_order() -> None:
    meeting = a_round(phase=CIRCLE, waiting_room=True)
    meeting.join(ALICE, BOB, CHARLIE)
    meeting.ask(Admit(who="all"), FAY)
    assert meeting.queue == [FAY, ALICE, BOB, CHARLIE]


def test_latecomers_stand_in_the_circle_though_its_time_is_short() -> None:
    meeting = a_round(ALICE, phase=a_phase(minutes=3, order="circle"))
    assert not meeting.room.queue_is_open
    meeting.join(BOB)
    assert meeting.queue == [FAY, ALICE, BOB]


def test_everybody_may_pass_before_being_called_too() -> None:
    meeting = a_round(ALICE, BOB, phase=CIRCLE)
    (lowered,) = meeting.ask(Pass(), ALICE)
    assert (named([lowered]), lowered.why) == (["hand_lowered"], "passed")  # type: ignore[attr-defined]
    assert meeting.queue == [FAY, BOB]
    assert meeting.refuses(Pass(), ALICE) == "not_your_turn"
    meeting.ask(Call(), FAY)
    assert named(meeting.ask(Pass(), FAY)) == ["share_ended"]


def test_who_was_away_at_its_beginning_has_a_turn_when_back() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, phase=CIRCLE, away_seconds=600)
    meeting.goes_away(ALICE)
    meeting.ask(GoTo(phase=0), FAY)  # the circle forms anew
    assert meeting.queue == [FAY, BOB, CHARLIE]
    assert named(meeting.comes_back(ALICE)) == ["returned", "hand_raised"]
    assert meeting.queue == [FAY, BOB, CHARLIE, ALICE]


def test_who_is_away_keeps_the_place_and_is_called_when_back() -> None:
    meeting = a_round(ALICE, BOB, phase=CIRCLE)
    meeting.goes_away(FAY)
    meeting.comes_back(FAY)
    assert meeting.queue == [FAY, ALICE, BOB]


def test_who_was_gone_stands_at_its_end() -> None:
    meeting = a_round(ALICE, BOB, phase=CIRCLE)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(ALICE)
    assert meeting.queue == [FAY, BOB, ALICE]


def test_who_has_had_a_turn_does_not_stand_in_it_again() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, DORA, phase=CIRCLE)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(Begin(), ALICE)
    meeting.ask(Done(), ALICE)
    meeting.ask(Pass(), BOB)
    meeting.ask(LowerHand(who=CHARLIE), FAY)
    meeting.goes_away(ALICE, BOB, CHARLIE)
    meeting.comes_back(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(BOB)
    meeting.comes_back(CHARLIE)
    assert meeting.queue == [FAY, DORA]
    meeting.ask(RaiseHand(), ALICE)  # but may ask for one
    assert meeting.queue == [FAY, DORA, ALICE]


def test_who_did_not_answer_stands_in_it_again_when_back() -> None:
    meeting = a_round(ALICE, BOB, phase=CIRCLE)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(ALICE)
    assert meeting.queue == [FAY, BOB, ALICE]


def test_the_muted_do_not_stand_in_it() -> None:
    meeting = a_round(ALICE, BOB, phase=CIRCLE)
    meeting.ask(Mute(who=ALICE), FAY)
    meeting.ask(GoTo(phase=0), FAY)
    assert meeting.queue == [FAY, BOB]
    meeting.goes_away(ALICE)
    meeting.comes_back(ALICE)
    assert meeting.queue == [FAY, BOB]


def test_a_circle_without_a_queue_does_not_form() -> None:
    meeting = a_round(ALICE, phase=a_phase(minutes=None, order="circle", queue="closed"))
    meeting.join(BOB)
    assert meeting.queue == []


def test_after_the_circle_its_hands_fall() -> None:
    meeting = a_meeting(CIRCLE, a_phase(minutes=None))
    meeting.join(FAY, ALICE)
    meeting.ask(Start(), FAY)
    assert meeting.queue == [FAY, ALICE]
    assert named(meeting.ask(GoTo(phase=1), FAY)) == ["hand_lowered", "hand_lowered", "phase_began"]
    assert meeting.queue == []


def calls(meeting: Meeting) -> list[ParticipantId]:
    return [event.who for event, _ in meeting.log if isinstance(event, Called)]


def goes_around(meeting: Meeting) -> None:
    """Whoever is called answers, until nobody is."""
    while (share := meeting.room.floor) is not None:
        meeting.ask(Begin(), share.who)
        meeting.wait(5 * SECOND)
        meeting.ask(Done(), share.who)


@given(st.permutations([ALICE, BOB, CHARLIE, DORA]), st.integers(0, 4))
def test_everybody_is_called_once_in_order_of_arrival(people: list[ParticipantId], late: int) -> None:
    meeting = a_round(*people[late:], phase=BY_ITSELF)
    meeting.join(*people[:late])
    goes_around(meeting)
    assert calls(meeting) == [FAY, *people[late:], *people[:late]]


@given(st.data())
def test_everybody_is_called_once_however_their_lines_drop(data: st.DataObject) -> None:
    people = [FAY, ALICE, BOB, CHARLIE, DORA]
    meeting = a_round(*people[1:], phase=BY_ITSELF)
    for _ in range(data.draw(st.integers(1, 12))):
        who = data.draw(st.sampled_from(people))
        match data.draw(st.sampled_from(["drops", "is back", "time passes", "answers", "passes"])):
            case "drops":
                meeting.goes_away(who)
            case "is back":
                meeting.comes_back(who)
            case "time passes":
                meeting.wait(data.draw(st.sampled_from([20, 40, 150])) * SECOND)
            case "answers" if meeting.room.floor is not None and meeting.room.floor.state == "called":
                sharer = meeting.room.floor.who
                if meeting.room.participants[sharer].presence == "here":
                    meeting.ask(Begin(), sharer)
                    meeting.ask(Done(), sharer)
            case "passes" if who in meeting.queue:
                meeting.ask(Pass(), who)
    for who in people:
        meeting.comes_back(who)
    goes_around(meeting)
    had_a_turn = [e.who for e, _ in meeting.log if named([e]) == ["began"]]  # type: ignore[attr-defined]
    passed = [e.who for e, _ in meeting.log if getattr(e, "why", "") == "passed"]  # type: ignore[attr-defined]
    lowered = [e.who for e, _ in meeting.log if named([e]) == ["hand_lowered"] and e.why == "no_answer"]  # type: ignore[attr-defined]
    assert sorted(had_a_turn + passed) == sorted({*had_a_turn, *passed}), "somebody had two turns"
    assert {*had_a_turn, *passed, *lowered} == set(people), "somebody had none"


def test_a_newcomer_with_the_name_of_somebody_stands_for_themselves() -> None:
    meeting = a_round(ALICE, phase=CIRCLE)
    meeting.ask(Join(who=ParticipantId("another"), name="Alice"))
    assert meeting.queue == [FAY, ALICE, "another"]
    assert the(Called, meeting.ask(Call(who="another"), FAY)).who == "another"

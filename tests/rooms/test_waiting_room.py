"""The waiting room: knocking, being let in or turned away, and not waiting for ever."""

import pytest

from rooms.presence import Admit, Deny, Join, Withdraw
from rooms.safety import Lock, QuietRoom, Unlock
from rooms.vocabulary import ParticipantId, Refused
from tests.kit import ALICE, BOB, CHARLIE, COLIN, FAY, GRETA, MINUTE, SECOND, TIM, Meeting, a_meeting, a_round, named


@pytest.fixture
def meeting() -> Meeting:
    meeting = a_round(COLIN, GRETA, TIM, waiting_room=True)
    meeting.join(ALICE, BOB)
    return meeting


def test_a_newcomer_knocks_and_is_not_in_the_room(meeting: Meeting) -> None:
    assert named(meeting.join(CHARLIE)) == ["knocked"]
    assert list(meeting.room.lobby) == [ALICE, BOB, CHARLIE]
    assert CHARLIE not in meeting.room.participants


def test_seats_and_role_keys_come_straight_in() -> None:
    meeting = a_round(waiting_room=True)
    assert named(meeting.join(GRETA)) == ["joined"]
    meeting.join(ALICE)
    meeting.ask(Admit(who=ALICE), GRETA)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    assert named(meeting.comes_back(ALICE)) == ["joined"]


def test_a_greeter_lets_one_in_or_all(meeting: Meeting) -> None:
    assert named(meeting.ask(Admit(who=BOB), GRETA)) == ["joined"]
    assert list(meeting.room.lobby) == [ALICE]
    meeting.join(CHARLIE)
    assert named(meeting.ask(Admit(who="all"), GRETA)) == ["joined", "joined"]
    assert not meeting.room.lobby
    assert meeting.ask(Admit(who="all"), GRETA) == []  # nobody is left


def test_a_greeter_turns_one_away_or_all(meeting: Meeting) -> None:
    assert named(meeting.ask(Deny(who=BOB), GRETA)) == ["denied"]
    assert named(meeting.ask(Deny(who="all"), GRETA)) == ["denied"]
    assert not meeting.room.lobby


def test_only_those_who_wait_are_let_in_or_turned_away(meeting: Meeting) -> None:
    assert meeting.refuses(Admit(who=COLIN), GRETA) == "no_such_participant"
    assert meeting.refuses(Deny(who="nobody"), GRETA) == "no_such_participant"


def test_whoever_was_denied_may_knock_again_after_30_seconds(meeting: Meeting) -> None:
    meeting.ask(Join(who=CHARLIE, name="Charlie", device_id="phone"))
    meeting.ask(Deny(who=CHARLIE), GRETA)
    again = Join(who=ParticipantId("again"), name="Other", device_id="phone")  # a name is soon changed
    assert meeting.refuses(again) == "denied"
    meeting.wait(10 * SECOND)
    with pytest.raises(Refused) as refusal:
        meeting.ask(again)
    assert refusal.value.retry_after == 20
    meeting.wait(20 * SECOND - 1)
    assert meeting.refuses(again) == "denied"
    meeting.wait(1)
    assert named(meeting.ask(again)) == ["knocked", "noted"]


def test_without_a_device_the_name_stands_for_whoever_was_denied(meeting: Meeting) -> None:
    meeting.ask(Deny(who=ALICE), GRETA)
    assert meeting.refuses(Join(who=ParticipantId("again"), name="alice")) == "denied"
    assert named(meeting.ask(Join(who=ParticipantId("other"), name="Dora"))) == ["knocked"]


def test_who_hangs_up_waits_no_longer(meeting: Meeting) -> None:
    assert named(meeting.ask(Withdraw(who=ALICE))) == ["left"]
    assert list(meeting.room.lobby) == [BOB]
    assert meeting.ask(Withdraw(who=ALICE)) == []


def test_safety_is_not_a_locked_door_who_has_waited_long_is_let_in() -> None:
    meeting = a_round(waiting_room=True, admit_after_seconds=90)
    meeting.join(ALICE)
    meeting.wait(20 * SECOND)
    meeting.join(BOB)
    assert meeting.wait(70 * SECOND - 1) == []
    (joined,) = meeting.wait(1)
    assert (named([joined]), joined.by) == (["joined"], None)  # nobody did it
    meeting.wait(20 * SECOND)
    assert BOB in meeting.room.participants


def test_without_such_a_rule_one_waits_until_somebody_opens() -> None:
    meeting = a_round(waiting_room=True)
    meeting.join(ALICE)
    meeting.wait(20 * MINUTE)
    assert ALICE in meeting.room.lobby


@pytest.mark.parametrize("command", [Lock(), QuietRoom()])
def test_nobody_is_let_in_by_time_alone_into_a_locked_or_quiet_room(command: Lock | QuietRoom) -> None:
    meeting = a_round(waiting_room=True, admit_after_seconds=90)
    meeting.join(ALICE)
    meeting.ask(command, FAY)
    meeting.wait(90 * SECOND)
    assert ALICE in meeting.room.lobby
    meeting.ask(Admit(who=ALICE), FAY)  # but somebody may decide it
    assert ALICE in meeting.room.participants


def test_who_waited_while_the_room_was_locked_is_let_in_when_it_is_not() -> None:
    meeting = a_round(waiting_room=True, admit_after_seconds=90)
    meeting.join(ALICE)
    meeting.ask(Lock(), FAY)
    meeting.wait(100 * SECOND)
    assert named(meeting.ask(Unlock(), FAY)) == ["unlocked", "joined"]


def test_a_full_meeting_lets_nobody_in() -> None:
    meeting = a_round(waiting_room=True, capacity=2, admit_after_seconds=90)
    meeting.join(ALICE, BOB)
    assert meeting.refuses(Admit(who="all"), FAY) == "full"
    meeting.ask(Admit(who=ALICE), FAY)
    assert meeting.refuses(Admit(who=BOB), FAY) == "full"
    meeting.wait(10 * MINUTE)
    assert BOB in meeting.room.lobby
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "full"


def test_before_the_doors_open_nobody_knocks() -> None:
    meeting = a_meeting(waiting_room=True)
    meeting.now -= 1
    assert meeting.join(ALICE) == []

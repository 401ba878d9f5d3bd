"""The door: when it opens, who comes in through it, and who does not."""

import pytest

from rooms.agenda import End, Open, Start
from rooms.formats import Format, Phase
from rooms.presence import Join, Leave, Noted
from rooms.safety import Lock, QuietRoom, Remove, Unblock, Unlock
from rooms.vocabulary import ParticipantId, Role, RoomId
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    COLIN,
    FAY,
    GRETA,
    MINUTE,
    NOON,
    SECOND,
    TIM,
    Meeting,
    a_meeting,
    a_round,
    named,
    the,
)

NEWCOMER = Join(who=ALICE, name="Alice")


def test_the_doors_open_some_minutes_before_the_start() -> None:
    meeting = a_meeting(doors_minutes=10)
    assert meeting.room.doors_at == NOON - 10 * MINUTE
    meeting.now = meeting.room.doors_at - 1
    assert meeting.ask(NEWCOMER) == []  # outside, and nothing of the room is told before
    meeting.now = meeting.room.doors_at
    assert named(meeting.ask(NEWCOMER)) == ["joined"]


def test_a_member_comes_in_by_the_name_alone() -> None:
    meeting = a_meeting()
    meeting.ask(NEWCOMER)
    alice = meeting.room.participants[ALICE]
    assert (alice.name, alice.role, alice.presence, alice.device) == ("Alice", "member", "here", True)


@pytest.mark.parametrize("role", ["facilitator", "timekeeper", "greeter"])
def test_role_keys_come_in_before_the_doors_open(role: Role) -> None:
    meeting = a_meeting()
    meeting.now = meeting.room.doors_at - 60 * MINUTE
    meeting.ask(Join(who=FAY, name="Fay", role=role))
    assert meeting.room.participants[FAY].role == role


def test_the_doors_of_a_meeting_that_was_started_early_are_open() -> None:
    meeting = a_meeting()
    meeting.now = meeting.room.doors_at - 5 * MINUTE
    meeting.join(FAY)
    assert meeting.join(ALICE) == []
    meeting.ask(Start(), FAY)
    assert named(meeting.join(ALICE)) == ["joined"]


def test_the_host_key_makes_the_facilitator_or_a_cofacilitator_where_there_is_one() -> None:
    meeting = a_meeting()
    for who in (FAY, COLIN, BOB):
        meeting.ask(Join(who=who, name="Host", role="facilitator"))
    assert [p.role for p in meeting.room.participants.values()] == ["facilitator", "cofacilitator", "cofacilitator"]


def test_a_role_key_gives_its_role_to_somebody_who_is_here_already() -> None:
    meeting = a_round(ALICE)
    change = meeting.comes_back(ALICE, role="greeter")
    assert named(change) == ["role_changed"]
    assert meeting.room.participants[ALICE].role == "greeter"
    assert meeting.comes_back(FAY, role="greeter") == []  # which would take her chair away


def test_a_role_key_gives_its_role_to_a_seat_that_was_gone() -> None:
    meeting = a_round(ALICE)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(ALICE, role="timekeeper")
    assert meeting.room.participants[ALICE].role == "timekeeper"


def test_nobody_new_comes_into_a_locked_room() -> None:
    meeting = a_round(BOB)
    meeting.ask(Lock(), FAY)
    assert meeting.refuses(NEWCOMER) == "locked"
    meeting.ask(Unlock(), FAY)
    assert named(meeting.ask(NEWCOMER)) == ["joined"]


def test_seats_and_role_keys_come_into_a_locked_room() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.goes_away(ALICE, BOB)
    meeting.wait(60 * SECOND)
    meeting.ask(Lock(), FAY)
    assert named(meeting.comes_back(ALICE)) == ["returned"]
    meeting.wait(60 * SECOND)
    assert named(meeting.comes_back(BOB)) == ["joined"]
    assert named(meeting.join(GRETA)) == ["joined"]


def test_a_quiet_room_is_locked() -> None:
    meeting = a_round()
    meeting.ask(QuietRoom(), FAY)
    assert meeting.refuses(NEWCOMER) == "locked"


def test_a_full_meeting_lets_in_seats_and_role_keys_only() -> None:
    meeting = a_round(ALICE, BOB, capacity=3)
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "full"
    meeting.goes_away(ALICE)
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie")) == "full"  # her place is kept
    meeting.comes_back(ALICE)
    meeting.join(TIM)
    meeting.ask(Leave(), BOB)
    meeting.ask(Leave(), TIM)
    meeting.join(CHARLIE)
    assert set(meeting.room.participants) == {FAY, ALICE, CHARLIE}


def test_nobody_comes_in_when_the_meeting_is_over() -> None:
    meeting = a_round(ALICE, fellowship_minutes=0)
    meeting.ask(End(), FAY)
    assert meeting.refuses(NEWCOMER) == "ended"
    assert meeting.refuses(Join(who=FAY, seat=FAY)) == "ended"
    assert meeting.refuses(Start(), FAY) == "ended"


# Blocks


def removed(block: bool = True, device: str = "phone") -> Meeting:
    meeting = a_round(ALICE)
    meeting.ask(Join(who=BOB, name="Bob", device_id=device))
    meeting.ask(Remove(who=BOB, block=block), FAY)
    return meeting


def test_a_blocked_seat_does_not_come_back_whatever_it_shows() -> None:
    meeting = removed(device="")
    assert meeting.refuses(Join(who=CHARLIE, seat=BOB, name="Bobby")) == "blocked"
    assert meeting.refuses(Join(who=CHARLIE, seat=BOB, role="facilitator")) == "blocked"


def test_a_blocked_device_does_not_come_back_under_another_name() -> None:
    meeting = removed()
    assert meeting.refuses(Join(who=CHARLIE, name="Bobby", device_id="phone")) == "blocked"
    assert named(meeting.ask(Join(who=CHARLIE, name="Charlie", device_id="tablet")))[0] == "joined"


def test_a_block_without_a_device_holds_for_the_seat_alone() -> None:
    meeting = removed(device="")
    assert named(meeting.ask(Join(who=CHARLIE, name="Charlie"))) == ["joined"]


def test_a_block_holds_for_the_device_that_the_seat_came_with_last() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Join(who=BOB, name="Bob"))
    the(Noted, meeting.comes_back(BOB, device_id="phone"))
    meeting.ask(Remove(who=BOB), FAY)
    assert meeting.refuses(Join(who=CHARLIE, name="Charlie", device_id="phone")) == "blocked"


def test_one_who_was_removed_without_a_block_is_a_newcomer() -> None:
    meeting = removed(block=False)
    assert named(meeting.ask(Join(who=CHARLIE, seat=BOB, name="Bob", device_id="phone"))) == ["joined", "noted"]
    assert BOB not in meeting.room.participants


def test_a_facilitator_takes_a_block_back() -> None:
    meeting = removed()
    assert named(meeting.ask(Unblock(who=BOB), FAY)) == ["unblocked"]
    assert meeting.refuses(Unblock(who=BOB), FAY) == "no_such_participant"
    assert named(meeting.ask(Join(who=CHARLIE, seat=BOB, name="Bob", device_id="phone")))[0] == "joined"


# A meeting now


def test_a_meeting_now_has_its_doors_open_from_its_beginning() -> None:
    meeting = Meeting()
    room = Format(phase=(Phase(kind="open"),))
    now = meeting.now
    meeting.ask(Open(RoomId("now.1"), "now", "Now", "UTC", room, now, now + 60 * MINUTE, waits_for_start=True))
    assert named(meeting.ask(Join(who=ParticipantId("first"), name="First"))) == ["joined"]

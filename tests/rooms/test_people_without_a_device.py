"""Persons without a device: on the phone or in the hall, and the service team speaks for them."""

from rooms.chat import Say
from rooms.floor import Begin, Call, LowerHand, PutBack, RaiseHand, StopShare
from rooms.presence import AddPerson, Disconnect, GiveRole, HandOver, Joined
from rooms.safety import Lock, Mute, Remove
from tests.kit import ALICE, FAY, GRETA, MINUTE, TIM, a_phase, a_round, the


def test_the_service_team_brings_somebody_in() -> None:
    meeting = a_round(TIM, GRETA)
    for by in (FAY, TIM, GRETA):
        joined = the(Joined, meeting.ask(AddPerson(name="Grandpa"), by))
        assert (joined.name, joined.role, joined.device, joined.by) == ("Grandpa", "member", False, by)
    assert len(meeting.room.participants) == 6  # three of that name: each is a person


def test_the_service_team_raises_their_hand_and_lowers_it() -> None:
    meeting = a_round(TIM, GRETA)
    person = meeting.add_person("Grandpa")
    meeting.ask(RaiseHand(who=person, topic="Thanks"), GRETA)
    assert meeting.queue == [person]
    meeting.ask(LowerHand(who=person), TIM)
    assert meeting.queue == []


def test_who_keeps_the_time_calls_them_begins_for_them_and_ends_their_share() -> None:
    meeting = a_round(TIM, GRETA)
    person = meeting.add_person("Grandpa")
    meeting.ask(RaiseHand(who=person), GRETA)
    meeting.ask(Call(), TIM)
    meeting.ask(Begin(), TIM)
    meeting.ask(StopShare(), TIM)
    assert meeting.room.participants[person].shares == 1


def test_a_greeter_does_not_begin_for_them() -> None:
    meeting = a_round(GRETA)
    person = meeting.add_person("Grandpa")
    meeting.ask(Call(who=person), FAY)
    assert meeting.refuses(Begin(), GRETA) == "not_your_turn"


def test_nobody_raises_the_hand_of_somebody_who_has_a_device() -> None:
    meeting = a_round(ALICE)
    assert meeting.refuses(RaiseHand(who=ALICE), FAY) == "not_allowed"


def test_a_hand_of_ones_own_may_be_named() -> None:
    meeting = a_round(ALICE)
    meeting.ask(RaiseHand(who=ALICE), ALICE)
    meeting.ask(LowerHand(who=ALICE), ALICE)
    assert meeting.queue == []


def test_they_are_never_away() -> None:
    meeting = a_round(GRETA)
    person = meeting.add_person("Grandpa")
    assert meeting.ask(Disconnect(who=person)) == []
    meeting.wait(10 * MINUTE)
    assert meeting.room.participants[person].presence == "here"


def test_they_count_like_everybody_else() -> None:
    meeting = a_round(GRETA, capacity=3)
    meeting.add_person("Grandpa")
    assert meeting.refuses(AddPerson(name="Grandma"), FAY) == "full"


def test_they_cannot_be_written_to_and_take_no_role() -> None:
    meeting = a_round(GRETA, ALICE, direct_messages="everyone")
    person = meeting.add_person("Grandpa")
    assert meeting.refuses(Say(text="Hello", to=person), ALICE) == "not_allowed"
    assert meeting.refuses(GiveRole(who=person, role="greeter"), FAY) == "not_allowed"
    assert meeting.refuses(HandOver(who=person), FAY) == "not_allowed"


def test_they_are_muted_put_back_and_removed_like_members() -> None:
    meeting = a_round(GRETA)
    person = meeting.add_person("Grandpa")
    meeting.ask(PutBack(who=person), FAY)
    meeting.ask(Mute(who=person), GRETA)
    assert meeting.queue == []
    assert meeting.refuses(RaiseHand(who=person), GRETA) == "muted"
    meeting.ask(Remove(who=person), GRETA)
    assert person not in meeting.room.participants


def test_they_stand_in_the_circle() -> None:
    meeting = a_round(GRETA, ALICE, phase=a_phase(order="circle"))
    person = meeting.add_person("Grandpa")
    assert meeting.queue == [FAY, GRETA, ALICE, person]


def test_the_room_shows_who_has_no_device() -> None:
    meeting = a_round(GRETA)
    person = meeting.add_person("Grandpa")
    devices = {p.id: p.device for p in meeting.view(GRETA).participants}
    assert [who for who, device in devices.items() if device is False] == [person]


def test_they_come_in_while_the_room_is_locked_for_somebody_of_the_team_decides_it() -> None:
    meeting = a_round(GRETA)
    meeting.ask(Lock(), GRETA)
    assert meeting.add_person("Grandpa") in meeting.room.participants

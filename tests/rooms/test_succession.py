"""The chair: roles given and handed over, who follows the facilitator, and taking the chair back."""

import pytest

from rooms.agenda import NextPhase, Start
from rooms.presence import GiveRole, HandOver, Join, Leave, RoleChanged
from rooms.safety import Mute
from rooms.vocabulary import Role
from tests.kit import ALICE, BOB, COLIN, FAY, GRETA, MINUTE, SECOND, TIM, a_meeting, a_round, named, the


def test_a_facilitator_gives_a_role_and_takes_it_back() -> None:
    meeting = a_round(ALICE)
    change = the(RoleChanged, meeting.ask(GiveRole(who=ALICE, role="greeter"), FAY))
    assert (change.who, change.role, change.why, change.by) == (ALICE, "greeter", "given", FAY)
    assert meeting.ask(GiveRole(who=ALICE, role="greeter"), FAY) == []
    meeting.ask(GiveRole(who=ALICE, role="member"), FAY)
    assert meeting.room.participants[ALICE].role == "member"


def test_only_the_facilitator_makes_and_unmakes_a_cofacilitator() -> None:
    meeting = a_round(COLIN, ALICE)
    meeting.ask(GiveRole(who=ALICE, role="cofacilitator"), FAY)
    assert meeting.refuses(GiveRole(who=ALICE, role="member"), COLIN) == "not_allowed"
    meeting.ask(GiveRole(who=COLIN, role="member"), COLIN)  # one's own
    meeting.ask(GiveRole(who=ALICE, role="member"), FAY)
    assert {p.role for p in meeting.room.participants.values()} == {"facilitator", "member"}


@pytest.mark.parametrize("role", ["cofacilitator", "timekeeper", "greeter", "member"])
def test_the_facilitators_role_cannot_be_taken_only_handed_over(role: Role) -> None:
    meeting = a_round(COLIN)
    assert meeting.refuses(GiveRole(who=FAY, role=role), FAY) == "not_allowed"
    assert meeting.refuses(GiveRole(who=FAY, role=role), COLIN) == "not_allowed"
    assert meeting.refuses(GiveRole(who=COLIN, role="facilitator"), FAY) == "not_allowed"


def test_a_role_of_the_service_team_is_for_somebody_who_is_here() -> None:
    meeting = a_round(ALICE, TIM)
    meeting.goes_away(ALICE, TIM)
    assert meeting.refuses(GiveRole(who=ALICE, role="greeter"), FAY) == "not_now"
    assert meeting.refuses(HandOver(who=ALICE), FAY) == "not_now"
    meeting.ask(GiveRole(who=TIM, role="member"), FAY)  # it may be taken from somebody who is away


def test_handing_over_makes_another_the_facilitator_and_oneself_cofacilitator() -> None:
    meeting = a_round(ALICE)
    changes = [e for e in meeting.ask(HandOver(who=ALICE), FAY) if isinstance(e, RoleChanged)]
    assert {(c.who, c.role, c.why) for c in changes} == {
        (FAY, "cofacilitator", "handed_over"),
        (ALICE, "facilitator", "handed_over"),
    }
    assert meeting.room.facilitator == ALICE
    assert meeting.refuses(HandOver(who=FAY), FAY) == "not_allowed"
    meeting.ask(HandOver(who=FAY), ALICE)
    assert meeting.room.facilitator == FAY
    assert meeting.ask(HandOver(who=FAY), FAY) == []  # to oneself


def test_a_muted_member_who_is_given_a_role_may_speak_again() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Mute(who=ALICE), FAY)
    assert named(meeting.ask(GiveRole(who=ALICE, role="greeter"), FAY)) == ["role_changed", "unmuted"]


# Succession


def test_when_the_facilitator_has_left_the_cofacilitator_who_has_been_here_longest_follows() -> None:
    meeting = a_meeting()
    meeting.join(FAY, TIM, ALICE)
    meeting.wait(SECOND)
    meeting.join(COLIN)  # with the host key, before Alice was made one
    meeting.wait(SECOND)
    meeting.ask(GiveRole(who=ALICE, role="cofacilitator"), FAY)
    events = meeting.ask(Leave(), FAY)
    assert named(events) == ["left", "role_changed"]
    change = the(RoleChanged, events)
    assert (change.who, change.role, change.why) == (ALICE, "facilitator", "succession")
    assert change.by in {None, FAY}
    assert meeting.room.facilitator == ALICE


def test_an_away_facilitator_keeps_the_role() -> None:
    meeting = a_round(COLIN)
    meeting.goes_away(FAY)
    meeting.wait(119 * SECOND)
    assert meeting.room.facilitator == FAY
    meeting.comes_back(FAY)
    assert meeting.room.facilitator == FAY
    meeting.ask(NextPhase(), FAY)  # and has the chair


def test_a_facilitator_who_was_gone_when_the_role_moved_on_comes_back_as_cofacilitator() -> None:
    meeting = a_round(COLIN)
    meeting.goes_away(FAY)
    assert "role_changed" in named(meeting.wait(2 * MINUTE))
    assert meeting.room.facilitator == COLIN
    meeting.comes_back(FAY)
    assert meeting.room.participants[FAY].role == "cofacilitator"
    meeting.ask(HandOver(who=FAY), COLIN)  # and takes the chair back if Colin gives it
    assert meeting.room.facilitator == FAY


def test_the_host_key_does_not_take_the_chair_from_whoever_followed() -> None:
    meeting = a_round(COLIN)
    meeting.goes_away(FAY)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(FAY, role="facilitator")
    assert (meeting.room.facilitator, meeting.room.participants[FAY].role) == (COLIN, "cofacilitator")


def test_a_facilitator_who_was_gone_finds_the_chair_as_it_was_if_nobody_followed() -> None:
    meeting = a_round(ALICE, TIM)
    meeting.goes_away(FAY)
    meeting.wait(2 * MINUTE)
    assert meeting.room.facilitator is None  # a timekeeper does not follow
    meeting.comes_back(FAY)
    assert meeting.room.facilitator == FAY


def test_one_who_had_left_comes_back_as_cofacilitator_with_the_key() -> None:
    meeting = a_round(COLIN)
    meeting.ask(Leave(), FAY)
    meeting.ask(Join(who=ALICE, seat=FAY, name="Fay", role="facilitator"))
    assert (meeting.room.facilitator, meeting.room.participants[ALICE].role) == (COLIN, "cofacilitator")


def test_a_cofacilitator_who_is_away_follows_when_back() -> None:
    meeting = a_round(COLIN)
    meeting.goes_away(COLIN)
    assert named(meeting.ask(Leave(), FAY)) == ["left"]
    assert meeting.room.facilitator is None
    assert named(meeting.comes_back(COLIN)) == ["returned", "role_changed"]
    assert meeting.room.facilitator == COLIN


def test_who_follows_is_among_those_who_are_here() -> None:
    meeting = a_round(COLIN, BOB)
    meeting.ask(GiveRole(who=BOB, role="cofacilitator"), FAY)
    meeting.goes_away(COLIN)  # who has been here longer
    meeting.ask(Leave(), FAY)
    assert meeting.room.facilitator == BOB
    meeting.comes_back(COLIN)
    assert meeting.room.facilitator == BOB


def test_a_host_key_fills_an_empty_chair() -> None:
    meeting = a_meeting()
    meeting.join(GRETA, ALICE)
    meeting.comes_back(GRETA, role="facilitator")
    assert meeting.room.facilitator == GRETA
    meeting.ask(Start(), GRETA)

"""Who sees who is here: with a discreet roster members learn the names of those who speak and of nobody else.

Live, resumed and in a snapshot alike.
"""

from typing import Any

import msgspec
import pytest

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import Roster
from rooms.vocabulary import Command, Event, ParticipantId
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    COLIN,
    DORA,
    FAY,
    GRETA,
    MINUTE,
    TIM,
    Meeting,
    a_meeting,
    a_phase,
    a_round,
    named,
    the,
)

ROUND = a_phase(minutes=None)


def hears(meeting: Meeting, who: ParticipantId, since: int = 0) -> list[Event]:
    """What `who` is told of the log after event `since`, live or when they resume."""
    return [e for e, audience in meeting.log if e.seq > since and meeting.room.may_see(who, e.seq, audience)]


def sees(meeting: Meeting, who: ParticipantId) -> list[ParticipantId]:
    return [p.id for p in meeting.view(who).participants]


def a_discreet_meeting(*people: ParticipantId) -> Meeting:
    return a_round(*people, phase=ROUND, roster="service")


def test_everybody_sees_everybody_where_the_roster_is_open() -> None:
    meeting = a_round(ALICE, BOB)
    since = meeting.room.seq
    meeting.join(CHARLIE)
    meeting.goes_away(CHARLIE)
    meeting.comes_back(CHARLIE)
    meeting.ask(presence.Rename(name="Charles"), CHARLIE)
    meeting.ask(presence.Leave(), CHARLIE)
    assert named(hears(meeting, ALICE, since)) == ["joined", "away", "returned", "renamed", "left"]
    assert sees(meeting, ALICE) == [FAY, ALICE, BOB]


def test_with_a_discreet_roster_members_hear_nothing_of_other_members_coming_and_going() -> None:
    meeting = a_discreet_meeting(ALICE, BOB, GRETA)
    since = meeting.room.seq
    meeting.join(CHARLIE)
    meeting.goes_away(CHARLIE)
    meeting.comes_back(CHARLIE)
    meeting.ask(presence.Rename(name="Charles"), CHARLIE)
    meeting.goes_away(CHARLIE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(CHARLIE)
    meeting.ask(presence.Leave(), CHARLIE)
    assert hears(meeting, ALICE, since) == []
    heard = ["joined", "away", "returned", "renamed", "away", "left", "joined", "left"]
    assert named(hears(meeting, GRETA, since)) == heard


def test_one_hears_of_oneself() -> None:
    meeting = a_discreet_meeting(ALICE)
    since = meeting.room.seq
    meeting.goes_away(ALICE)
    meeting.comes_back(ALICE)
    meeting.ask(presence.Rename(name="Alison"), ALICE)
    assert named(hears(meeting, ALICE, since)) == ["away", "returned", "renamed"]


def test_everybody_hears_of_the_service_team_coming_and_going() -> None:
    meeting = a_discreet_meeting(ALICE)
    since = meeting.room.seq
    meeting.join(TIM)
    meeting.goes_away(TIM)
    meeting.comes_back(TIM)
    meeting.ask(presence.Leave(), TIM)
    assert named(hears(meeting, ALICE, since)) == ["joined", "away", "returned", "left"]


def test_a_member_sees_oneself_the_service_team_and_whoever_has_the_floor() -> None:
    meeting = a_discreet_meeting(ALICE, BOB, CHARLIE, TIM)
    assert sees(meeting, ALICE) == [FAY, ALICE, TIM]
    meeting.shares(BOB)
    assert sees(meeting, ALICE) == [FAY, ALICE, BOB, TIM]
    assert sees(meeting, TIM) == [FAY, ALICE, BOB, CHARLIE, TIM]
    meeting.ask(floor.Done(), BOB)
    assert sees(meeting, ALICE) == [FAY, ALICE, TIM]


def test_the_queue_shows_hands_without_names() -> None:
    meeting = a_discreet_meeting(ALICE, BOB)
    meeting.ask(floor.RaiseHand(), BOB)
    assert [hand.who for hand in meeting.view(ALICE).queue.hands] == [BOB]
    assert "Bob" not in msgspec.json.encode(meeting.view(ALICE)).decode()


SPEAKING: list[tuple[Command, ParticipantId, str]] = [
    (chat.Say(text="Good evening."), BOB, "said"),
    (chat.Celebrate(count=1, unit="years"), BOB, "celebrated"),
    (floor.Call(who=BOB), FAY, "called"),
    (presence.GiveRole(who=BOB, role="greeter"), FAY, "role_changed"),
    (agenda.Assign(phase=0, who=BOB), FAY, "assigned"),
]


@pytest.mark.parametrize(("command", "by", "name"), SPEAKING, ids=[name for *_, name in SPEAKING])
@pytest.mark.parametrize("roster", ["everyone", "service"])
def test_events_of_those_who_are_heard_carry_the_name_where_it_is_not_known(
    roster: Roster, command: Command, by: ParticipantId, name: str
) -> None:
    meeting = a_round(ALICE, BOB, phase=ROUND, roster=roster)
    event: Any = next(e for e in meeting.ask(command, by) if named([e]) == [name])
    assert event.name == ("Bob" if roster == "service" else None)


def test_a_paragraph_carries_the_name_too() -> None:
    meeting = a_discreet_meeting(ALICE, BOB)
    meeting.shares(BOB)
    (shared,) = meeting.ask(floor.WriteShare(text="I came here."), BOB)
    assert shared.name == "Bob"  # type: ignore[attr-defined]


def test_a_call_tells_how_often_somebody_has_shared_where_that_is_not_known() -> None:
    meeting = a_discreet_meeting(ALICE, BOB)
    meeting.shares(BOB)
    meeting.ask(floor.Done(), BOB)
    (called,) = meeting.ask(floor.Call(who=BOB), FAY)
    assert (called.name, called.shares) == ("Bob", 1)  # type: ignore[attr-defined]


def test_messages_and_milestones_in_a_snapshot_carry_the_name_of_who_spoke() -> None:
    meeting = a_discreet_meeting(ALICE, BOB)
    meeting.says(BOB)
    meeting.ask(chat.Celebrate(count=1, unit="years"), BOB)
    seen = meeting.view(ALICE)
    assert (seen.chat.messages[0].name, seen.celebrations[0].name) == ("Bob", "Bob")
    assert sees(meeting, ALICE) == [FAY, ALICE]


def test_no_name_of_a_silent_member_reaches_another_member_whatever_happens() -> None:
    meeting = a_meeting(a_phase(minutes=None, order="circle"), ROUND, roster="service", waiting_room=True)
    meeting.join(FAY, COLIN, GRETA, ALICE, BOB, CHARLIE, DORA)
    meeting.ask(presence.Admit(who="all"), FAY)
    meeting.ask(agenda.Start(), FAY)
    doings: list[tuple[Command, ParticipantId]] = [
        (floor.Call(who=ALICE), FAY),
        (floor.LowerHand(who=BOB), FAY),
        (floor.RaiseHand(topic="Hope"), BOB),
        (floor.MoveHand(who=BOB, place=0), FAY),
        (agenda.NextPhase(), FAY),
        (presence.Rename(name="Robert"), BOB),
        (safety.Mute(who=BOB), GRETA),
        (safety.Unmute(who=BOB), GRETA),
        (safety.AskForHelp(text="Please."), BOB),
        (safety.Report(who=ALICE), BOB),
        (chat.Say(text="A word?", to="service"), BOB),
        (safety.Remove(who=CHARLIE), GRETA),
        (presence.Leave(), DORA),
    ]
    for command, by in doings:
        meeting.ask(command, by)
    meeting.goes_away(BOB)
    meeting.comes_back(BOB)
    told = msgspec.json.encode(hears(meeting, ALICE)).decode() + msgspec.json.encode(meeting.view(ALICE)).decode()
    for name in ("Bob", "Robert", "Charlie", "Dora"):
        assert f'"{name}"' not in told
    assert "Fay" in told


def test_who_joins_the_team_sees_all_in_a_snapshot_and_hears_it_from_then_on() -> None:
    meeting = a_discreet_meeting(ALICE, BOB)
    meeting.join(CHARLIE)
    meeting.ask(presence.GiveRole(who=ALICE, role="greeter"), FAY)
    assert sees(meeting, ALICE) == [FAY, ALICE, BOB, CHARLIE]
    since = meeting.room.seq
    meeting.goes_away(CHARLIE)
    assert named(hears(meeting, ALICE, since)) == ["away"]
    meeting.ask(presence.GiveRole(who=ALICE, role="member"), FAY)
    since = meeting.room.seq
    meeting.comes_back(CHARLIE)
    assert hears(meeting, ALICE, since) == []
    assert sees(meeting, ALICE) == [FAY, ALICE]


def test_members_learn_that_somebody_who_is_called_has_no_device() -> None:
    meeting = a_discreet_meeting(ALICE, GRETA)
    robin = meeting.add_person("Robin")
    called = the(floor.Called, meeting.ask(floor.Call(who=robin), FAY))
    assert (called.name, called.device) == ("Robin", False)
    [shown] = [p for p in meeting.view(ALICE).participants if p.id == robin]
    assert shown.device is False
    called = the(floor.Called, meeting.ask(floor.Call(who=ALICE), FAY))
    assert "device" not in msgspec.to_builtins(called)

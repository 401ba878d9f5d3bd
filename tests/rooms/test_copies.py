"""A client's copy of the room: made of a snapshot, kept up to date by the events that one may see."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from rooms import agenda, chat, floor, presence, safety
from rooms.formats import Phase, Words
from rooms.room import AnyEvent, Room, evolve
from rooms.view import RoomView, restore, view
from rooms.vocabulary import ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, DORA, FAY, GRETA, MINUTE, SECOND, Meeting, a_meeting, a_phase

ROUND = a_phase(minutes=30, text="One after the other.", credit="Our group")


def a_full_room(roster: str = "everyone", history: str = "from_join") -> Meeting:
    """With something of everything in it; Bob waits at the door."""
    phases = (ROUND, Phase(kind="reading", title="Closing"))
    rules: dict[str, Any] = {"waiting_room": True, "roster": roster, "history": history, "direct_messages": "everyone"}
    meeting = a_meeting(*phases, crosstalk="chat", words=Words(share="check_in"), **rules)
    meeting.join(FAY, GRETA, ALICE, CHARLIE, DORA)
    meeting.ask(presence.Admit(who="all"), FAY)
    meeting.add_person("Grandpa")
    meeting.join(BOB)
    meeting.ask(safety.Remove(who=DORA), GRETA)
    meeting.ask(agenda.Start(), FAY)
    meeting.ask(agenda.Assign(phase=1, who=ALICE), FAY)
    message = meeting.says(CHARLIE, "Good evening.")
    meeting.ask(chat.Say(text="To you too.", reply_to=message), ALICE)
    meeting.says(ALICE, "Only for you.", to=CHARLIE)
    meeting.says(CHARLIE, "For the team.", to="service")
    meeting.ask(chat.React(to=message, emoji="🙏", on=True), ALICE)
    meeting.ask(chat.Pin(message=message), GRETA)
    meeting.ask(chat.Celebrate(count=3, unit="months"), CHARLIE)
    meeting.ask(floor.RaiseHand(topic="Hope"), ALICE)
    meeting.ask(floor.SetShareTime(seconds=120), FAY)
    meeting.ask(safety.Mute(who=ALICE), GRETA)
    meeting.ask(safety.Unmute(who=ALICE), GRETA)
    meeting.ask(floor.RaiseHand(topic="Hope"), ALICE)
    return meeting


def calls(meeting: Meeting) -> None:
    meeting.ask(floor.Call(who=CHARLIE), FAY)


def begins(meeting: Meeting) -> None:
    calls(meeting)
    meeting.ask(floor.Begin(), CHARLIE)
    meeting.ask(floor.WriteShare(text="I came here."), CHARLIE)
    share = meeting.room.floor
    assert share is not None
    meeting.ask(chat.React(to=share.id, emoji="👏", on=True), ALICE)
    meeting.wait(65 * SECOND)


def stops(meeting: Meeting) -> None:
    begins(meeting)
    meeting.ask(floor.StopClock(), FAY)


def overruns(meeting: Meeting) -> None:
    begins(meeting)
    meeting.wait(MINUTE)


def is_quiet(meeting: Meeting) -> None:
    begins(meeting)
    meeting.ask(safety.QuietRoom(), FAY)


def is_away(meeting: Meeting) -> None:
    meeting.goes_away(CHARLIE)
    meeting.ask(safety.Mute(who=CHARLIE), GRETA)
    meeting.ask(safety.Lock(), FAY)


def is_slow(meeting: Meeting) -> None:
    meeting.ask(chat.Chat(mode="slow", every=7), GRETA)


def is_over(meeting: Meeting) -> None:
    meeting.ask(agenda.End(), FAY)


MOMENTS = [calls, begins, stops, overruns, is_quiet, is_away, is_slow, is_over]


def copy_of(meeting: Meeting, who: ParticipantId) -> Room:
    """As a client makes it of what came over the wire."""
    seen = msgspec.json.decode(msgspec.json.encode(meeting.view(who)), type=RoomView)
    return restore(seen, who)


@pytest.mark.parametrize("who", [FAY, GRETA, ALICE, CHARLIE])
@pytest.mark.parametrize("roster", ["everyone", "service"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_copy_made_of_a_snapshot_shows_what_the_snapshot_showed(
    moment: Callable[[Meeting], None], roster: str, who: ParticipantId
) -> None:
    meeting = a_full_room(roster)
    moment(meeting)
    assert view(copy_of(meeting, who), who, meeting.now) == meeting.view(who)


@pytest.mark.parametrize("who", [FAY, GRETA, ALICE, CHARLIE])
@pytest.mark.parametrize("roster", ["everyone", "service"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_copy_follows_by_the_events_that_one_may_see(
    moment: Callable[[Meeting], None], roster: str, who: ParticipantId
) -> None:
    meeting = a_full_room(roster)
    copy, since = copy_of(meeting, who), meeting.room.seq
    moment(meeting)
    meeting.ask(presence.Admit(who="all"), FAY)
    meeting.says(GRETA, "Welcome, Bob.")
    for event, audience in meeting.log[since:]:
        if meeting.room.may_see(who, event.seq, audience):
            evolve(copy, msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent))
    shown, seen = view(copy, who, meeting.now), meeting.view(who)
    for each in (shown, seen):
        each.participants.sort(key=lambda p: p.id)  # who is heard for the first time stands last
    assert shown == seen


def test_a_copy_of_a_quiet_room_finds_what_is_given_back() -> None:
    meeting = a_full_room()
    meeting.ask(chat.Chat(mode="slow", every=7), GRETA)
    is_quiet(meeting)
    copy, since = copy_of(meeting, ALICE), meeting.room.seq
    meeting.ask(safety.Unquiet(), FAY)
    for event, _ in meeting.log[since:]:
        evolve(copy, event)
    assert view(copy, ALICE, meeting.now) == meeting.view(ALICE)


def test_a_copy_never_falls_over_an_event_about_what_it_does_not_know() -> None:
    meeting = a_full_room()
    begins(meeting)
    meeting.ask(floor.Done(), CHARLIE)
    meeting.ask(presence.Leave(), CHARLIE)
    blank = Room()
    for event, _ in meeting.log[1:]:
        evolve(blank, event)
    assert blank.seq == meeting.room.seq

"""Quiet, the one-action alarm: it overrides, changes nothing, and gives back exactly what was before."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.agenda import AddMinutes, End, NextPhase, Start
from rooms.chat import Chat, Say
from rooms.floor import (
    AddTime,
    Begin,
    Call,
    CloseQueue,
    Done,
    LowerHand,
    MoveHand,
    OpenQueue,
    PutBack,
    RaiseHand,
    SetShareTime,
    StartClock,
    StopClock,
    StopShare,
)
from rooms.room import Room
from rooms.safety import Lock, Mute, Quieted, QuietRoom, Remove, Unlock, Unquiet, Unquieted
from rooms.vocabulary import Command, ParticipantId, Refused
from tests.kit import (
    ALICE,
    BOB,
    CHARLIE,
    FAY,
    GRETA,
    MINUTE,
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


def quieted(meeting: Meeting) -> Quieted:
    return the(Quieted, meeting.ask(QuietRoom(), FAY))


def unquieted(meeting: Meeting) -> Unquieted:
    return the(Unquieted, meeting.ask(Unquiet(), FAY))


def test_it_comes_alone() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    assert named(meeting.ask(QuietRoom(), FAY)) == ["quieted"]
    assert meeting.ask(QuietRoom(), FAY) == []
    assert named(meeting.ask(Unquiet(), FAY)) == ["unquieted"]
    assert meeting.ask(Unquiet(), FAY) == []


def test_a_snapshot_shows_the_room_locked_the_queue_closed_the_chat_for_the_service_and_the_clock_stopped() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(MINUTE)
    quieted(meeting)
    seen = meeting.view(ALICE)
    assert (seen.quiet, seen.locked, seen.queue.open, seen.chat.mode) == (True, True, False, "service")
    assert seen.floor is not None
    assert (seen.floor.left, seen.floor.ends_at) == (2 * MINUTE, msgspec.UNSET)


def test_the_clock_of_the_share_stands_still_and_runs_on_afterwards() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.wait(MINUTE)
    assert quieted(meeting).left == 2 * MINUTE
    assert meeting.wait(10 * MINUTE) == []
    assert unquieted(meeting).ends_at == meeting.now + 2 * MINUTE
    assert named(meeting.wait(150 * SECOND)) == ["warned", "time_up", "share_ended"]


def test_a_clock_that_stood_still_before_stands_still_afterwards() -> None:
    meeting = a_share(ALICE, phase=ROUND)
    meeting.ask(StopClock(), FAY)
    assert quieted(meeting).left is None
    meeting.wait(MINUTE)
    assert unquieted(meeting).ends_at is None
    assert meeting.wait(10 * MINUTE) == []


def test_the_phases_clock_runs_on() -> None:
    meeting = a_round(ALICE, phase=a_phase(minutes=5))
    quieted(meeting)
    assert named(meeting.wait(10 * MINUTE)) == ["phase_due"]


def test_a_call_waits_and_has_its_time_to_answer_anew() -> None:
    meeting = a_round(ALICE, phase=ROUND)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.wait(20 * SECOND)
    quieted(meeting)
    assert meeting.refuses(Begin(), ALICE) == "not_now"
    assert meeting.wait(10 * MINUTE) == []
    assert unquieted(meeting).answer_by == meeting.now + 30 * SECOND
    assert named(meeting.wait(30 * SECOND)) == ["share_ended"]


def test_nobody_is_called_by_the_room_itself() -> None:
    meeting = a_round(ALICE, BOB, phase=a_phase(minutes=None, auto_call=True))
    for who in (ALICE, BOB):
        meeting.ask(RaiseHand(), who)
    meeting.ask(Begin(), ALICE)
    quieted(meeting)
    assert named(meeting.ask(Done(), ALICE)) == ["share_ended"]
    assert named(meeting.ask(Unquiet(), FAY)) == ["unquieted", "called"]


def test_the_queue_neither_opens_nor_closes_itself_until_it_is_over() -> None:
    meeting = a_round(ALICE, phase=a_phase(minutes=5))
    quieted(meeting)
    assert named(meeting.wait(4 * MINUTE)) == []
    assert named(meeting.ask(Unquiet(), FAY)) == ["unquieted", "queue_closed"]


FROZEN: list[Command] = [
    Call(),
    PutBack(who=ALICE),
    MoveHand(who=BOB, place=1),
    AddTime(seconds=30),
    StopClock(),
    StartClock(),
    OpenQueue(),
    CloseQueue(),
    Chat(mode="open"),
    Lock(),
    Unlock(),
]


@pytest.mark.parametrize("command", FROZEN, ids=lambda c: str(c.__struct_config__.tag))
def test_what_is_frozen_is_not_now(command: Command) -> None:
    meeting = a_share(ALICE, BOB, CHARLIE, phase=ROUND)
    for who in (BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    quieted(meeting)
    assert meeting.refuses(command, FAY) == "not_now"


def test_members_raise_no_hand_and_say_nothing_to_everyone_and_the_team_does() -> None:
    meeting = a_round(ALICE, TIM, phase=ROUND, chat="closed")
    quieted(meeting)
    assert meeting.refuses(RaiseHand(), ALICE) == "queue_closed"
    assert meeting.refuses(Say(text="What is it?"), ALICE) == "chat_closed"
    meeting.says(ALICE, "What is it?", to="service")
    meeting.says(TIM, "We go on in a moment.")


def test_a_share_may_end_a_hand_be_lowered_somebody_be_removed_and_the_agenda_go_on() -> None:
    meeting = a_meeting(ROUND, ROUND)
    meeting.join(FAY, ALICE, BOB, CHARLIE, GRETA)
    meeting.ask(Start(), FAY)
    meeting.shares(ALICE)
    for who in (BOB, CHARLIE):
        meeting.ask(RaiseHand(), who)
    quieted(meeting)
    meeting.ask(LowerHand(), BOB)
    meeting.ask(Remove(who=CHARLIE), GRETA)
    meeting.ask(StopShare(), FAY)
    meeting.ask(NextPhase(), FAY)
    assert meeting.room.is_quiet
    meeting.ask(End(), FAY)
    assert (meeting.room.state, meeting.room.is_quiet) == ("fellowship", True)
    unquieted(meeting)
    meeting.says(ALICE)


def test_what_the_agenda_changes_meanwhile_holds_afterwards() -> None:
    meeting = a_meeting(ROUND, a_phase(kind="silence", minutes=None, chat="closed"))
    meeting.join(FAY, ALICE)
    meeting.ask(Start(), FAY)
    quieted(meeting)
    meeting.ask(NextPhase(), FAY)
    assert (meeting.view(ALICE).chat.mode, meeting.view(ALICE).queue.open) == ("service", False)
    event = unquieted(meeting)
    assert (event.mode, event.queue_open) == ("closed", False)
    assert (meeting.view(ALICE).chat.mode, meeting.view(ALICE).queue.open) == ("closed", False)


# What was before

BEFORE: list[tuple[Command, ParticipantId]] = [
    (Lock(), FAY),
    (Unlock(), FAY),
    (Chat(mode="slow", every=5), GRETA),
    (Chat(mode="closed"), GRETA),
    (Chat(mode="open"), GRETA),
    (CloseQueue(), TIM),
    (OpenQueue(), TIM),
    (SetShareTime(seconds=90), TIM),
    (AddMinutes(minutes=5), FAY),
    (AddMinutes(minutes=-20), FAY),
    (RaiseHand(), ALICE),
    (RaiseHand(), BOB),
    (RaiseHand(), CHARLIE),
    (Call(), TIM),
    (Begin(), FAY),
    (StopClock(), TIM),
    (StartClock(), TIM),
    (AddTime(seconds=60), TIM),
    (Say(text="Good evening."), ALICE),
    (Mute(who=CHARLIE), GRETA),
    (Done(), ALICE),
]


def state(room: Room) -> dict[str, Any]:
    """All of it but where it stands in the log."""
    fields: dict[str, Any] = msgspec.to_builtins(room)
    for field in ("seq", "tag", "at", "version"):
        del fields[field]
    return fields


@given(st.lists(st.tuples(st.sampled_from(BEFORE), st.sampled_from([0, SECOND, MINUTE])), max_size=15), st.data())
def test_it_gives_back_exactly_what_was_before(
    doings: list[tuple[tuple[Command, ParticipantId], int]], data: st.DataObject
) -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, TIM, GRETA, phase=a_phase(minutes=30))
    for (command, by), pause in doings:
        try:
            meeting.ask(command, by)
        except Refused:
            continue
        meeting.wait(pause)
    before, shown = state(meeting.room), msgspec.to_builtins(meeting.view(ALICE))
    meeting.ask(QuietRoom(), FAY)
    meeting.ask(Unquiet(), FAY)  # at the same moment: every deadline is where it was
    after = state(meeting.room)
    share = meeting.room.floor
    if share is not None and share.state == "called":
        before["floor"]["answer_by"] = meeting.now + 30 * SECOND  # which is given anew
        shown["floor"]["answer_by"] = meeting.now + 30 * SECOND
    for floor in (before["floor"], after["floor"]):
        if floor and share is not None:  # a clock that ran keeps its count in another way
            floor["spoke"] = floor.get("spoke", 0) + meeting.now - floor.pop("running_since", meeting.now)
    assert after == before
    assert msgspec.to_builtins(meeting.view(ALICE)) == shown

    pause = data.draw(st.sampled_from([SECOND, 3 * MINUTE]))  # after a while the share has what it had left
    left_before = None if share is None or share.ends_at is None else share.ends_at - meeting.now
    meeting.ask(QuietRoom(), FAY)
    meeting.wait(pause)
    meeting.ask(Unquiet(), FAY)
    share = meeting.room.floor
    assert (None if share is None or share.ends_at is None else share.ends_at - meeting.now) == left_before

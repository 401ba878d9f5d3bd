"""What keeps people safe: mute, remove, lock, calls for help and reports."""

import pytest

from rooms.chat import React, Say, Unsay
from rooms.floor import RaiseHand
from rooms.presence import GiveRole, Leave
from rooms.safety import (
    AskForHelp,
    HelpAsked,
    Lock,
    Mute,
    Muted,
    QuietRoom,
    Remove,
    Removed,
    Report,
    Reported,
    SeenTo,
    SeeTo,
    Unlock,
    Unmute,
)
from rooms.view import newcomers_alike
from rooms.vocabulary import Audience, ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, COLIN, FAY, GRETA, MINUTE, TIM, Meeting, a_round, a_share, named, the


def test_the_muted_neither_say_nor_react_nor_raise_a_hand_until_they_are_unmuted() -> None:
    meeting = a_round(ALICE, GRETA)
    message = meeting.says(GRETA)
    assert the(Muted, meeting.ask(Mute(who=ALICE), GRETA)).who == ALICE
    assert meeting.ask(Mute(who=ALICE), GRETA) == []
    for command in (Say(text="Hello"), React(to=message, emoji="🙏", on=True), RaiseHand()):
        assert meeting.refuses(command, ALICE) == "muted"
    assert named(meeting.ask(Unmute(who=ALICE), GRETA)) == ["unmuted"]
    assert meeting.ask(Unmute(who=ALICE), GRETA) == []
    meeting.ask(RaiseHand(), ALICE)
    meeting.says(ALICE)


def test_the_muted_ask_for_help_report_and_leave_like_everybody() -> None:
    meeting = a_round(ALICE, BOB)
    own = meeting.says(ALICE)
    meeting.ask(Mute(who=ALICE), FAY)
    for command in (AskForHelp(), Report(who=BOB), Unsay(message=own), Leave()):
        meeting.ask(command, ALICE)


def test_being_muted_lasts_over_a_dropped_line() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Mute(who=ALICE), FAY)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.comes_back(ALICE)
    assert meeting.refuses(Say(text="Hello"), ALICE) == "muted"


def test_only_the_team_and_the_one_know_who_is_muted() -> None:
    meeting = a_round(ALICE, BOB, TIM)
    meeting.ask(Mute(who=ALICE), FAY)
    assert meeting.log[-1][1] == Audience(service=True, who=(ALICE,))
    shown = {who: [p.id for p in meeting.view(who).participants if p.muted is True] for who in (ALICE, BOB, TIM)}
    assert shown == {ALICE: [ALICE], BOB: [], TIM: [ALICE]}


# Removing


def test_a_removal_ends_the_share_and_lowers_the_hand_without_a_left_besides() -> None:
    meeting = a_share(ALICE, BOB, GRETA)
    meeting.ask(RaiseHand(), BOB)
    events = meeting.ask(Remove(who=ALICE), GRETA)
    assert named(events) == ["share_ended", "removed"]
    removed = the(Removed, events)
    assert (removed.who, removed.block, removed.by) == (ALICE, True, GRETA)
    assert named(meeting.ask(Remove(who=BOB, block=False), GRETA)) == ["hand_lowered", "removed"]
    assert list(meeting.room.participants) == [FAY, GRETA]


def test_to_go_oneself_one_leaves() -> None:
    assert a_round(COLIN).refuses(Remove(who=COLIN), COLIN) == "not_allowed"


def test_somebody_whose_line_was_given_up_is_still_removed() -> None:
    meeting = a_round(ALICE)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    assert named(meeting.ask(Remove(who=ALICE), FAY)) == ["removed"]
    assert [b.name for b in meeting.room.blocked.values()] == ["Alice"]


def test_somebody_who_has_left_cannot_be_removed() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Leave(), ALICE)
    assert meeting.refuses(Remove(who=ALICE), FAY) == "no_such_participant"


def test_the_team_sees_who_is_blocked() -> None:
    meeting = a_round(ALICE, GRETA)
    meeting.ask(Remove(who=ALICE), GRETA)
    shown = meeting.view(GRETA).blocked
    assert isinstance(shown, list)
    assert [(b.id, b.name) for b in shown] == [(ALICE, "Alice")]


# Locking


def test_locking_and_unlocking_is_told_once() -> None:
    meeting = a_round(TIM)
    assert named(meeting.ask(Lock(), TIM)) == ["locked"]
    assert meeting.ask(Lock(), FAY) == []
    assert meeting.view(TIM).locked
    assert named(meeting.ask(Unlock(), TIM)) == ["unlocked"]
    assert meeting.ask(Unlock(), FAY) == []
    assert not meeting.view(TIM).locked


# Help and reports


def test_a_call_for_help_reaches_the_service_team_and_its_author() -> None:
    meeting = a_round(ALICE, BOB, TIM)
    asked = the(HelpAsked, meeting.ask(AskForHelp(text="I am not safe."), ALICE))
    assert (asked.text, asked.by) == ("I am not safe.", ALICE)
    assert meeting.log[-1][1] == Audience(service=True, who=(ALICE,))
    assert the(HelpAsked, meeting.ask(AskForHelp(), BOB)).text is None


def test_a_report_names_somebody_or_a_message() -> None:
    meeting = a_round(ALICE, BOB, TIM)
    message = meeting.says(BOB)
    reported = the(Reported, meeting.ask(Report(who=BOB, text="He writes to me."), ALICE))
    assert (reported.who, reported.message, reported.text) == (BOB, None, "He writes to me.")
    assert the(Reported, meeting.ask(Report(message=message), ALICE)).message == message
    assert meeting.log[-1][1] == Audience(service=True, who=(ALICE,))
    assert meeting.refuses(Report(), ALICE) == "bad_message"
    assert meeting.refuses(Report(text="Something is wrong."), ALICE) == "bad_message"
    assert meeting.refuses(Report(who="nobody"), ALICE) == "no_such_participant"
    assert meeting.refuses(Report(message="nothing"), ALICE) == "no_such_message"


def test_somebody_whose_line_was_given_up_is_still_reported() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.goes_away(BOB)
    meeting.wait(2 * MINUTE)
    meeting.ask(Report(who=BOB), ALICE)


def test_a_message_that_one_may_not_see_is_not_reported() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, direct_messages="everyone")
    secret = meeting.says(BOB, to=CHARLIE)
    assert meeting.refuses(Report(message=secret), ALICE) == "no_such_message"
    meeting.ask(Report(message=secret), CHARLIE)  # to whom it was written


@pytest.mark.parametrize("command", [AskForHelp(), Report(who=BOB)])
def test_help_is_asked_for_in_a_quiet_and_in_a_closed_room_too(command: AskForHelp | Report) -> None:
    meeting = a_round(ALICE, BOB, chat="closed")
    meeting.ask(QuietRoom(), FAY)
    meeting.ask(command, ALICE)


# Until somebody has seen to them


def open_to(meeting: Meeting, who: ParticipantId) -> list[tuple[str, str | None]]:
    """Who asked and with what words, as `who` finds it who comes back without having heard of it."""
    shown = meeting.view(who).requests
    return [(asked.name, asked.text or None) for asked in shown] if shown else []


def the_calls(meeting: Meeting) -> list[str]:
    return [*meeting.room.requests]


def test_a_call_and_a_report_stand_until_the_service_team_has_seen_to_them() -> None:
    meeting = a_round(ALICE, BOB, TIM, GRETA)
    meeting.ask(AskForHelp(text="I am not safe."), ALICE)
    meeting.ask(Report(message=meeting.says(BOB)), ALICE)
    call, report = the_calls(meeting)
    assert open_to(meeting, GRETA) == [("Alice", "I am not safe."), ("Alice", None)]
    assert the(SeenTo, meeting.ask(SeeTo(requests=[call]), GRETA)).requests == [call]
    assert meeting.log[-1][1] == Audience(service=True, who=(ALICE,))
    assert open_to(meeting, TIM) == [("Alice", None)]
    meeting.ask(SeeTo(requests=[call, report]), TIM)
    assert meeting.ask(SeeTo(requests=[call, report]), FAY) == []  # two who press together are both right
    assert open_to(meeting, FAY) == []


def test_a_member_sees_the_own_calls_only_and_may_take_them_back() -> None:
    meeting = a_round(ALICE, BOB, GRETA)
    meeting.ask(AskForHelp(text="I am not safe."), ALICE)
    assert open_to(meeting, ALICE) == [("Alice", "I am not safe.")]
    assert open_to(meeting, BOB) == []
    meeting.ask(GiveRole(who=BOB, role="greeter"), FAY)
    assert open_to(meeting, BOB) == [("Alice", "I am not safe.")]
    meeting.ask(SeeTo(requests=the_calls(meeting)), ALICE)
    assert open_to(meeting, GRETA) == []


def test_a_member_learns_nothing_from_trying_to_see_to_anothers_call() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.ask(AskForHelp(), ALICE)
    assert meeting.ask(SeeTo(requests=the_calls(meeting)), BOB) == []
    assert meeting.ask(SeeTo(requests=["nothing"]), BOB) == []
    assert open_to(meeting, FAY) == [("Alice", None)]


def test_who_comes_in_anew_sees_their_own_call_and_no_newcomer_does() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.ask(AskForHelp(), ALICE)
    assert newcomers_alike(meeting.room, ALICE) is None
    assert newcomers_alike(meeting.room, BOB) is not None


def test_a_call_stands_while_its_author_may_come_back_and_ends_when_they_leave() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.ask(AskForHelp(text="I am not safe."), ALICE)
    meeting.ask(AskForHelp(), BOB)
    meeting.goes_away(ALICE)
    meeting.wait(2 * MINUTE)
    meeting.ask(Leave(), BOB)
    assert open_to(meeting, FAY) == [("Alice", "I am not safe.")]


def test_reports_end_when_whom_they_are_about_is_removed_and_not_when_their_author_leaves() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE)
    meeting.ask(Report(who=BOB), ALICE)
    meeting.ask(Report(who=CHARLIE), ALICE)
    meeting.ask(AskForHelp(), BOB)
    meeting.ask(Leave(), ALICE)
    meeting.ask(Remove(who=BOB), FAY)
    assert [asked.who for asked in meeting.room.requests.values()] == [CHARLIE]

"""What of the chat somebody sees: since they came, or all; privately; and alike live, resumed and in a snapshot."""

from rooms.chat import Pin, React, Unsay
from rooms.formats import History
from rooms.presence import Admit, GiveRole, Knocked, Leave
from rooms.safety import AskForHelp, Mute, Report
from rooms.view import MESSAGES_SHOWN, newcomers_alike
from rooms.vocabulary import Audience, Event, ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, FAY, GRETA, MINUTE, TIM, Meeting, a_meeting, a_round, named


def shown(meeting: Meeting, who: ParticipantId) -> list[str]:
    return [message.text for message in meeting.view(who).chat.messages]


def heard(meeting: Meeting, who: ParticipantId) -> list[str]:
    """What a client that has been here since `who` came has in its chat, live or resumed."""
    since = meeting.room.participants[who].stays[-1][0]
    events = (e for e, audience in meeting.log if e.seq >= since and meeting.room.may_see(who, e.seq, audience))
    return [event.text for event in events if named([event]) == ["said"]]  # type: ignore[attr-defined]


def a_talk(history: History = "from_join") -> Meeting:
    """Bob comes after the first word, Charlie after the second."""
    meeting = a_round(ALICE, GRETA, history=history, direct_messages="everyone")
    meeting.says(ALICE, "first")
    meeting.join(BOB)
    meeting.says(ALICE, "second")
    meeting.join(CHARLIE)
    return meeting


def test_a_newcomer_sees_what_is_said_from_then_on() -> None:
    meeting = a_talk()
    assert [shown(meeting, who) for who in (ALICE, BOB, CHARLIE)] == [["first", "second"], ["second"], []]
    assert [heard(meeting, who) for who in (ALICE, BOB, CHARLIE)] == [["first", "second"], ["second"], []]


def test_a_newcomer_sees_all_where_the_format_says_so() -> None:
    meeting = a_talk(history="all")
    assert [shown(meeting, who) for who in (ALICE, BOB, CHARLIE)] == [["first", "second"]] * 3


def test_the_pinned_ones_are_seen_by_all_in_their_place() -> None:
    meeting = a_talk()
    (first, second) = meeting.room.messages
    for message in (second, first):
        meeting.ask(Pin(message=message), GRETA)
    meeting.says(ALICE, "third")
    assert sorted(shown(meeting, CHARLIE)) == ["first", "second", "third"]
    assert shown(meeting, CHARLIE)[-1] == "third"
    assert meeting.view(CHARLIE).chat.pinned == [second, first]


def test_who_was_gone_does_not_see_what_was_said_meanwhile() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.says(ALICE, "before")
    meeting.goes_away(BOB)
    meeting.says(ALICE, "away")  # who is away is still in the room
    meeting.wait(2 * MINUTE)
    meeting.says(ALICE, "gone")
    meeting.comes_back(BOB)
    meeting.says(ALICE, "after")
    assert shown(meeting, BOB) == ["before", "away", "after"]


def test_who_waits_at_the_door_is_not_in_the_room() -> None:
    meeting = a_round(ALICE, waiting_room=True)
    meeting.join(BOB)
    meeting.says(FAY, "Shall we let him in?")
    meeting.ask(Admit(who=BOB), FAY)
    assert shown(meeting, BOB) == []


def test_who_has_left_is_a_newcomer() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.says(ALICE, "before")
    meeting.ask(Leave(), BOB)
    meeting.join(BOB)
    assert shown(meeting, BOB) == []


# Privately


def test_a_message_to_one_person_is_seen_by_the_two() -> None:
    meeting = a_talk(history="all")
    meeting.says(ALICE, "between us", to=BOB)
    for who in meeting.room.participants:
        assert ("between us" in shown(meeting, who)) is (who in {ALICE, BOB})
        assert ("between us" in heard(meeting, who)) is (who in {ALICE, BOB})


def test_a_message_to_the_service_team_is_seen_by_the_team_and_its_author() -> None:
    meeting = a_talk(history="all")
    meeting.says(ALICE, "for the team", to="service")
    for who in meeting.room.participants:
        assert ("for the team" in shown(meeting, who)) is (who in {ALICE, FAY, GRETA})
        assert ("for the team" in heard(meeting, who)) is (who in {ALICE, FAY, GRETA})


def test_the_team_is_who_was_of_it_when_it_was_said() -> None:
    meeting = a_talk(history="all")
    meeting.says(ALICE, "before", to="service")
    meeting.ask(GiveRole(who=BOB, role="greeter"), FAY)
    meeting.says(ALICE, "meanwhile", to="service")
    meeting.ask(GiveRole(who=BOB, role="member"), FAY)
    meeting.says(ALICE, "afterwards", to="service")
    assert shown(meeting, BOB)[-1:] == ["meanwhile"]
    assert heard(meeting, BOB)[-1:] == ["meanwhile"]


def test_one_of_the_team_who_was_gone_finds_what_was_theirs() -> None:
    meeting = a_round(ALICE, TIM)
    meeting.says(ALICE, "before", to="service")
    meeting.goes_away(TIM)
    meeting.wait(2 * MINUTE)
    meeting.says(ALICE, "gone", to="service")
    meeting.comes_back(TIM)
    assert shown(meeting, TIM) == ["before"]


# A snapshot


def test_a_snapshot_holds_the_latest_200_messages_and_the_pinned_ones() -> None:
    meeting = a_round(ALICE)
    first = meeting.says(ALICE, "first")
    meeting.ask(Pin(message=first), FAY)
    for n in range(MESSAGES_SHOWN + 5):
        meeting.says(ALICE, str(n))
    assert MESSAGES_SHOWN == 200
    assert shown(meeting, FAY) == ["first", *(str(n) for n in range(5, 205))]


def test_messages_that_somebody_may_not_see_do_not_count() -> None:
    meeting = a_talk()
    meeting.says(ALICE, "one", to=BOB)
    for _ in range(MESSAGES_SHOWN):
        meeting.says(ALICE, "secret", to=CHARLIE)
    assert shown(meeting, BOB) == ["second", "one"]


def test_newcomers_who_would_see_the_same_are_told_the_same() -> None:
    meeting = a_talk()
    meeting.join(who := ParticipantId("dora"))
    assert newcomers_alike(meeting.room, who) == newcomers_alike(meeting.room, CHARLIE) is not None
    first, second = (meeting.view(newcomer) for newcomer in (who, CHARLIE))
    assert first == second
    for other in (FAY, GRETA, ALICE, BOB):
        assert newcomers_alike(meeting.room, other) is None
    meeting.says(CHARLIE, "Good evening.")
    assert newcomers_alike(meeting.room, CHARLIE) is None


def test_newcomers_to_a_discreet_room_are_each_told_their_own() -> None:
    meeting = a_round(roster="service")
    meeting.join(ALICE)
    assert newcomers_alike(meeting.room, ALICE) is None


# Who may see which event


def audience_of(meeting: Meeting, event: Event) -> Audience:
    return next(audience for e, audience in meeting.log if e is event)


def test_news_of_the_waiting_room_is_for_the_service_team() -> None:
    meeting = a_meeting(waiting_room=True)
    meeting.join(FAY)
    (knocked,) = meeting.join(ALICE)
    assert isinstance(knocked, Knocked)
    assert audience_of(meeting, knocked) == Audience(service=True)


def test_calls_for_help_reports_and_mutes_are_for_the_service_team_and_the_one() -> None:
    meeting = a_round(ALICE, BOB)
    team_and_alice = Audience(service=True, who=(ALICE,))
    for command, by in ((AskForHelp(), ALICE), (Report(who=BOB), ALICE), (Mute(who=ALICE), FAY)):
        (event,) = meeting.ask(command, by)
        assert audience_of(meeting, event) == team_and_alice


def test_what_only_replicas_need_is_seen_by_nobody() -> None:
    meeting = a_meeting()
    opened = meeting.log[0][0]
    assert audience_of(meeting, opened) == Audience()
    meeting.join(FAY)
    assert not meeting.room.may_see(FAY, 1, Audience())


def test_a_reaction_or_an_unsaid_is_seen_by_those_who_see_the_message() -> None:
    meeting = a_talk()
    secret = meeting.says(ALICE, to=BOB)
    (reacted,) = meeting.ask(React(to=secret, emoji="🙏", on=True), BOB)
    (unsaid,) = meeting.ask(Unsay(message=secret), ALICE)
    assert audience_of(meeting, reacted) == audience_of(meeting, unsaid) == Audience(who=(ALICE, BOB))

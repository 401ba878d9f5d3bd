"""Taking back what was said: its text is gone everywhere, and the log still replays to the same state."""

import msgspec
import pytest

from rooms.agenda import Start
from rooms.chat import Pin, React, Said, Say, Unpin, Unsaid, Unsay, blanked, forgotten_by
from rooms.floor import Done, WriteShare
from rooms.formats import Phase
from rooms.presence import GiveRole, Leave
from rooms.room import AnyEvent, Room, decide, evolve
from rooms.vocabulary import Command, ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, COLIN, FAY, GRETA, TIM, Meeting, a_meeting, a_round, a_share, named, the

SECRET = "what I would rather not have said"


class Forgetful(Meeting):
    """Does with texts that were taken back what the log does."""

    def takes_back(self, message: str, by: ParticipantId) -> None:
        events = decide(self.room, Unsay(message=message), by, self.now)
        forgotten = [seq for event in events for seq in forgotten_by(self.room, event)]
        self.happens(events)
        for seq in forgotten:
            event, audience = self.log[seq - 1]
            assert event.seq == seq
            self.log[seq - 1] = (blanked(event), audience)


def forgetful(meeting: Meeting) -> Forgetful:
    return Forgetful(meeting.room, meeting.now, meeting.log, meeting.commands)


def everything(meeting: Meeting) -> str:
    """The log, the state, and what everybody sees."""
    log = [msgspec.json.encode(event) for event, _ in meeting.log]
    views = [msgspec.json.encode(meeting.view(who)) for who in meeting.room.participants]
    return b" ".join([*log, *views, msgspec.json.encode(meeting.room)]).decode()


def test_the_text_of_a_message_is_gone_everywhere() -> None:
    meeting = forgetful(a_round(ALICE, BOB))
    message = meeting.says(ALICE, SECRET)
    meeting.ask(React(to=message, emoji="🙏", on=True), BOB)
    assert SECRET in everything(meeting)
    meeting.takes_back(message, ALICE)
    assert SECRET not in everything(meeting)
    assert meeting.replayed() == meeting.room


def test_the_text_of_a_pinned_message_is_gone_from_its_quotes_too() -> None:
    meeting = forgetful(a_round(ALICE, GRETA))
    message = meeting.says(ALICE, SECRET)
    for command in (Pin(message=message), Unpin(message=message), Pin(message=message)):
        meeting.ask(command, GRETA)
    meeting.takes_back(message, GRETA)
    assert SECRET not in everything(meeting)
    assert meeting.room.pinned == []
    assert meeting.replayed() == meeting.room


def test_all_paragraphs_of_a_share_are_gone() -> None:
    meeting = forgetful(a_share(ALICE, BOB))
    (share,) = meeting.room.told
    for n in (1, 2):
        meeting.ask(WriteShare(text=f"{SECRET} {n}"), ALICE)
    meeting.takes_back(share, ALICE)
    assert SECRET not in everything(meeting)
    assert meeting.replayed() == meeting.room
    meeting.ask(WriteShare(text="Let me say it differently."), ALICE)
    seen = meeting.view(BOB).floor
    assert seen is not None
    assert seen.paragraphs == ["Let me say it differently."]
    meeting.takes_back(share, ALICE)
    assert "differently" not in everything(meeting)
    assert meeting.replayed() == meeting.room


def test_a_share_is_taken_back_after_it_has_ended_too() -> None:
    meeting = forgetful(a_share(ALICE, BOB))
    (share,) = meeting.room.told
    meeting.ask(WriteShare(text=SECRET), ALICE)
    meeting.ask(Done(), ALICE)
    assert meeting.refuses(Unsay(message=share), BOB) == "not_allowed"
    meeting.takes_back(share, ALICE)
    assert SECRET not in everything(meeting)
    assert meeting.refuses(Unsay(message=share), ALICE) == "no_such_message"


def test_whoever_resumes_later_gets_the_unsaid_and_not_the_text() -> None:
    meeting = forgetful(a_round(ALICE, BOB))
    since = meeting.room.seq
    message = meeting.says(ALICE, SECRET)
    meeting.takes_back(message, ALICE)
    missed = [e for e, audience in meeting.log if e.seq > since and meeting.room.may_see(BOB, e.seq, audience)]
    assert named(missed) == ["said", "unsaid"]
    assert (the(Said, missed).text, the(Unsaid, missed).message) == ("", message)
    copy = Room()
    for event in missed:
        evolve(copy, msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent))
    assert copy.messages == {}


def test_only_what_has_a_text_is_blanked() -> None:
    meeting = a_round()
    with pytest.raises(ValueError, match="no text"):
        blanked(meeting.log[0][0])
    assert forgotten_by(meeting.room, meeting.log[0][0]) == []


def test_what_was_taken_back_is_no_message_any_more() -> None:
    meeting = a_round(ALICE, GRETA)
    message = meeting.says(ALICE)
    meeting.ask(Unsay(message=message), ALICE)
    commands: list[Command] = [
        Unsay(message=message),
        React(to=message, emoji="🙏", on=True),
        Say(text="What?", reply_to=message),
    ]
    for command in [*commands, Pin(message=message)]:
        assert meeting.refuses(command, GRETA) == "no_such_message"


# Whose


def test_greeters_take_back_what_members_said_only() -> None:
    meeting = a_round(COLIN, GRETA, TIM, ALICE)
    for author in (FAY, COLIN, TIM):
        message = meeting.says(author)
        assert meeting.refuses(Unsay(message=message), GRETA) == "not_allowed"
        meeting.ask(Unsay(message=message), COLIN if author != COLIN else FAY)
    meeting.ask(Unsay(message=meeting.says(ALICE)), GRETA)


def test_what_somebody_said_who_has_left_is_taken_back_by_the_team() -> None:
    meeting = a_round(ALICE, GRETA)
    message = meeting.says(ALICE)
    meeting.ask(Leave(), ALICE)
    meeting.ask(Unsay(message=message), GRETA)
    assert meeting.room.messages == {}


def test_what_the_room_itself_said_is_taken_back_by_the_team() -> None:
    meeting = a_meeting(Phase(kind="open", post=("We listen.",)))
    meeting.join(FAY, ALICE)
    meeting.ask(Start(), FAY)
    (message,) = meeting.room.messages
    assert meeting.refuses(Unsay(message=message), ALICE) == "not_allowed"
    meeting.ask(Unsay(message=message), FAY)
    assert meeting.room.messages == {}


def test_nobody_takes_back_what_they_may_not_see() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE, GRETA, direct_messages="everyone")
    message = meeting.says(ALICE, to=BOB)
    for by in (CHARLIE, GRETA, FAY):
        assert meeting.refuses(Unsay(message=message), by) == "no_such_message"
    meeting.ask(Unsay(message=message), ALICE)


def test_messages_to_the_team_are_taken_back_by_their_author_and_by_the_team() -> None:
    meeting = a_round(ALICE, BOB, GRETA)
    meeting.ask(Unsay(message=meeting.says(ALICE, to="service")), ALICE)
    meeting.ask(Unsay(message=meeting.says(ALICE, to="service")), GRETA)
    later = meeting.says(ALICE, to="service")
    meeting.ask(GiveRole(who=BOB, role="greeter"), FAY)
    assert meeting.refuses(Unsay(message=later), BOB) == "no_such_message"  # said before he was of the team


@pytest.mark.parametrize("message", ["nothing", "", "s99"])
def test_there_is_nothing_to_take_back_where_nothing_was_said(message: str) -> None:
    assert a_share(ALICE).refuses(Unsay(message=message), ALICE) == "no_such_message"


def test_a_share_in_which_nothing_was_written_cannot_be_taken_back() -> None:
    meeting = a_share(ALICE)
    (share,) = meeting.room.told
    assert meeting.refuses(Unsay(message=share), ALICE) == "no_such_message"

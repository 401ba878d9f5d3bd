"""Events as lines of text in the terminal, and that nobody writes into somebody's terminal."""

from typing import Any, get_args, get_type_hints

import msgspec
import pytest

from client.terminal import looks
from client.terminal.seen import Seen
from client.terminal.telling import last_word_at, nearly_over, tell
from client.terminal.text import clock_time, harmless, in_words, lines_of
from rooms.agenda import Assign, Ended, GoTo, NextPhase, Opened
from rooms.chat import Celebrate, Chat, Pin, React, Reacted, Say, Unpin, Unsay
from rooms.floor import (
    AddTime,
    Begin,
    Call,
    CloseQueue,
    Done,
    LowerHand,
    MoveHand,
    OpenQueue,
    Pass,
    PutBack,
    RaiseHand,
    SetShareTime,
    StopClock,
    WriteShare,
)
from rooms.formats import Phase
from rooms.presence import Admit, Deny, GiveRole, HandOver, Join, Joined, Leave, Noted, Rename
from rooms.room import AnyEvent
from rooms.safety import AskForHelp, Lock, Mute, QuietRoom, Remove, Report, SeeTo, Unblock, Unlock, Unmute, Unquiet
from rooms.view import restore
from rooms.vocabulary import Command, Event, ParticipantId, Request
from tests.kit import ALICE, BOB, CHARLIE, FAY, GRETA, MINUTE, NOON, SECOND, Meeting, a_phase, a_round, a_share

READING = Phase(kind="reading", title="Opening", text="One line.\nAnother.", credit="Our own words", minutes=5)


class Reader:
    """Somebody at a terminal, who reads what they may see of it."""

    def __init__(self, meeting: Meeting, who: ParticipantId) -> None:
        self.seen = Seen(meeting.room, who, lambda: meeting.now)
        self._meeting, self._who, self._read = meeting, who, len(meeting.log)

    def reads(self) -> list[str]:
        """The lines since the last call."""
        lines, room = list[str](), self._meeting.room
        for event, audience in self._meeting.log[self._read :]:
            if room.may_see(self._who, event.seq, audience) and not isinstance(event, Noted | Opened):
                lines += tell(event, self.seen)
        self._read = len(self._meeting.log)
        return lines


def read_by(who: ParticipantId, meeting: Meeting, command: Command | Request, by: ParticipantId | None) -> list[str]:
    """What `who` reads when `by` has asked for that."""
    reader = Reader(meeting, who)
    meeting.ask(command, by)
    return reader.reads()


# Nobody writes into somebody's terminal


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[2Jgone", "[2Jgone"),
        ("\x1b]0;title\x07", "]0;title"),
        ("\x9b31mred", "31mred"),
        ("over\rwritten\b\b", "over written"),
        ("a\tb\nc\u2028d", "a b c d"),
        ("\u202etxet\u202c \u2066x\u2069 \u200f", "txet x "),
        ("zero\u200bwidth \ufeff\U000e0041", "zerowidth "),
        ("\ud800 \ue000", " "),
        ("Zoë, जोशी, 👩\u200d👧, می\u200cخواهم", "Zoë, जोशी, 👩\u200d👧, می\u200cخواهم"),
        ("e" + "\u0301" * 50, "e" + "\u0301" * 4),
    ],
)
def test_nothing_that_others_write_is_obeyed_by_a_terminal(written: str, shown: str) -> None:
    assert harmless(written) == shown


def test_no_line_of_a_message_passes_for_another() -> None:
    assert lines_of("[1] Bob: ", "Hello\n[2] Fay: goodbye\r\n\r\x85!") == [
        "[1] Bob: Hello",
        "    [2] Fay: goodbye",
        "    !",
    ]


def test_lengths_are_told_as_people_tell_them() -> None:
    told = {15: "15 seconds", 60: "1 minute", 90: "1 minute 30 seconds", 599: "9 minutes 59 seconds", 640: "11 minutes"}
    told |= {3600: "1 hour", 5400: "1 hour 30 minutes", 0: "no time", -3: "no time", 3599: "1 hour"}
    assert {seconds: in_words(seconds) for seconds in told} == told


def test_times_are_told_with_the_day_only_where_it_could_be_mistaken() -> None:
    hour = 60 * MINUTE
    for away in (-11 * hour, 0, 11 * hour):  # also over midnight, wherever this runs
        assert len(clock_time(NOON + away, NOON)) == len("00:00")
    assert "day" in clock_time(NOON + 13 * hour, NOON)


# What is told


def specimen(kind: type[Event]) -> Event:
    """An event of that kind about Alice, who has the floor."""
    fields: dict[str, Any] = {
        "who": ALICE,
        "by": ALICE,
        "name": "Alice",
        "role": "member",
        "share": "s1",
        "to": "s1",
        "message": "m",
    }
    fields |= {"phase": 0, "ends_at": NOON, "answer_by": NOON, "left": 60, "spoke": 0, "text": "Hello", "seconds": 60}
    fields |= {"place": 0, "order": [ALICE], "said": {"text": "Hello", "at": NOON}, "emoji": "🙏", "on": True, "n": 1}
    fields |= {"mode": "open", "count": 1, "unit": "days", "block": True, "locked": True, "queue_open": True}
    fields |= {"requests": ["alice-1"]}
    fields |= {"device": True} if kind is Joined else {}
    if (why := get_type_hints(kind).get("why")) is not None:
        fields["why"] = get_args(why)[0]
    known = kind.__struct_fields__
    return msgspec.convert({field: value for field, value in fields.items() if field in known}, kind)


TOLD = [kind for kind in get_args(AnyEvent) if kind not in {Opened, Noted, Ended, Reacted}]  # of that below


@pytest.mark.parametrize("kind", TOLD, ids=lambda kind: str(kind.__name__))
def test_every_event_is_told_to_the_service_team(kind: type[Event]) -> None:
    meeting = a_share(ALICE)
    reader = Reader(meeting, FAY)
    reader.seen.number_of("m")
    assert tell(specimen(kind), reader.seen)


def test_coming_and_going() -> None:
    meeting = a_round(ALICE)
    alice, fay = Reader(meeting, ALICE), Reader(meeting, FAY)
    meeting.join(BOB, GRETA)
    assert alice.reads() == ["Bob has come in.", "Greta has come in, as a greeter."]
    fay.reads()
    meeting.goes_away(BOB)
    assert (alice.reads(), fay.reads()) == ([], ["The line of Bob is down."])
    meeting.comes_back(BOB)
    assert (alice.reads(), fay.reads()) == ([], ["Bob is back."])
    meeting.ask(Rename("Rob"), BOB)
    meeting.ask(Leave(), BOB)
    assert alice.reads() == ["Bob is called Rob now.", "Rob has left."]
    meeting.add_person("Pat")
    assert alice.reads() == ["Pat is here without a device."]


def test_the_door() -> None:
    meeting = a_round(waiting_room=True)
    meeting.ask(Join(who=ALICE, name="Alice"))
    meeting.ask(Admit(ALICE), FAY)
    alice, fay = Reader(meeting, ALICE), Reader(meeting, FAY)
    meeting.ask(Join(who=BOB, name="Bob"))
    assert (alice.reads(), fay.reads()) == ([], ["Bob is at the door: /admit @3 or /deny @3."])
    assert "At the door: Bob. /admit NAME or /admit all lets them in." in looks.room(fay.seen)
    meeting.ask(Deny(BOB), FAY)
    assert fay.reads() == ["Bob was turned away."]


def test_roles() -> None:
    meeting = a_round(ALICE, BOB)
    assert read_by(ALICE, meeting, GiveRole(ALICE, "timekeeper"), FAY) == ["You are a timekeeper now."]
    assert read_by(BOB, meeting, HandOver(ALICE), FAY) == [
        "Fay is a cofacilitator now.",
        "Alice is the facilitator now.",
    ]


def test_the_agenda() -> None:
    meeting = a_round(ALICE, phase=READING)
    alice = Reader(meeting, ALICE)
    meeting.ask(Assign(0, ALICE), FAY)
    meeting.ask(GoTo(0), FAY)
    assert alice.reads()[0] == "You are named for: Opening."
    meeting.ask(NextPhase(0), FAY)
    last = alice.reads()[-1]
    assert last.startswith("The meeting is over. The room stays open until ")


def test_a_reading_is_shown_with_whose_words_it_is() -> None:
    meeting = a_round(ALICE, phase=READING)
    told = read_by(ALICE, meeting, GoTo(0), FAY)
    assert told[0].startswith("Now: Opening, until ")
    assert told[1:4] == ["    One line.", "    Another.", "    Our own words"]


def test_hands_and_the_queue() -> None:
    meeting = a_round(ALICE, BOB)
    alice = Reader(meeting, ALICE)
    meeting.ask(RaiseHand("sleep"), BOB)
    meeting.ask(RaiseHand(), ALICE)
    meeting.ask(MoveHand(ALICE, 0), FAY)
    meeting.ask(LowerHand(BOB), FAY)
    assert alice.reads() == [
        "Bob has raised a hand, number 1 (sleep).",
        "You have raised your hand, number 2.",
        "You are number 1 in the queue now.",
        "The hand of Bob is down.",
    ]
    meeting.ask(CloseQueue(), FAY)
    meeting.ask(OpenQueue(), FAY)
    meeting.ask(SetShareTime(120), FAY)
    assert alice.reads() == ["The queue is closed.", "The queue is open.", "Each coming share has 2 minutes."]


def test_a_share_as_its_holder_reads_it() -> None:
    meeting = a_round(ALICE, BOB)
    alice = Reader(meeting, ALICE)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(Begin(), ALICE)
    meeting.ask(WriteShare("It was a long week."), ALICE)
    assert alice.reads() == [
        "It is your turn: /begin when you are ready, or /pass. You have 30 seconds to answer.",
        "You have the floor, for 3 minutes. What you type now is your share; /done ends it.",
        "[1] Shared.",
    ]
    meeting.wait(2 * MINUTE)
    assert alice.reads() == ["You have 1 minute left."]
    meeting.wait(45 * SECOND)
    assert last_word_at(meeting.room) == meeting.now
    assert nearly_over(alice.seen) == ["You have 15 seconds left."]
    meeting.wait(15 * SECOND)
    assert alice.reads() == ["Your time is up. Please come to an end within 30 seconds."]
    meeting.wait(30 * SECOND)
    assert alice.reads() == ["The time is over; your share has ended."]


def test_a_share_as_the_others_read_it() -> None:
    meeting = a_round(ALICE, BOB)
    bob, fay = Reader(meeting, BOB), Reader(meeting, FAY)
    meeting.shares(ALICE)
    meeting.ask(WriteShare("It was a long week.\nBut here I am."), ALICE)
    assert bob.reads() == [
        "Alice has raised a hand, number 1.",
        "Alice is called.",
        "Alice shares, for 3 minutes.",
        "[1] Alice shares: It was a long week.",
        "    But here I am.",
    ]
    meeting.ask(StopClock(), FAY)
    meeting.ask(AddTime(60), FAY)
    assert bob.reads() == [
        "The clock stands still, with 3 minutes left.",
        "The clock stands still, with 4 minutes left.",
    ]
    assert nearly_over(bob.seen) == []
    assert nearly_over(fay.seen) == ["Alice has 15 seconds left."]
    assert last_word_at(meeting.room) is None
    meeting.ask(Done(), ALICE)
    assert bob.reads() == ["Alice is done."]


def test_turns_that_are_not_taken() -> None:
    meeting = a_round(ALICE, BOB)
    bob = Reader(meeting, BOB)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(Pass(), ALICE)
    meeting.ask(Call(who=ALICE), FAY)
    meeting.ask(PutBack(ALICE), FAY)
    assert bob.reads() == [
        "Alice is called.",
        "Alice has passed.",
        "Alice is called.",
        "Alice is back in the queue.",
        "Alice has raised a hand, number 1.",
    ]
    meeting.ask(Call(), FAY)
    meeting.wait(30 * SECOND)
    assert bob.reads()[1] == "Alice has not answered the call."


def test_a_warning_that_is_the_last_word_is_not_said_twice() -> None:
    assert last_word_at(a_share(ALICE, phase=a_phase(warn_seconds=20)).room) is None
    assert last_word_at(a_share(ALICE, phase=a_phase(warn_seconds=0)).room) is not None


def test_the_circle() -> None:
    meeting = a_round(ALICE, BOB, phase=a_phase(order="circle"))
    told = read_by(BOB, meeting, GoTo(0), FAY)
    assert told[-1] == "Everybody is in the queue, in turn; /pass gives a turn up. You are number 3."


def test_the_chat() -> None:
    meeting = a_round(ALICE, BOB, direct_messages="everyone")
    alice = Reader(meeting, ALICE)
    hello = meeting.says(BOB, "Hello")
    meeting.says(BOB, "In private", to=ALICE)
    meeting.says(ALICE, "I need a moment", to="service")
    meeting.ask(Say("Hello, Bob", reply_to=hello), FAY)
    assert alice.reads() == [
        "[1] Bob: Hello",
        "[2] Bob to you alone: In private",
        "[3] Sent to the service team.",
        "[4] Fay, replying to [1]: Hello, Bob",
    ]
    meeting.says(ALICE, "Good evening")
    meeting.says(ALICE, "In private", to=BOB)
    assert alice.reads() == ["[5] Sent.", "[6] Sent to Bob alone."]
    meeting.ask(Pin(hello), FAY)
    meeting.ask(Unpin(hello), FAY)
    meeting.ask(Unsay(hello), BOB)
    meeting.ask(Chat("slow", 20), FAY)
    meeting.ask(Celebrate(1, "years"), BOB)
    assert alice.reads() == [
        "[1] is pinned: Bob: Hello",
        "[1] is no longer pinned.",
        "[1] was taken back.",
        "The chat is slow: a member may say something every 20 seconds.",
        "Bob celebrates 1 year.",
    ]


def test_reactions_to_what_is_ones_own() -> None:
    meeting = a_round(ALICE, BOB, CHARLIE)
    alice, charlie = Reader(meeting, ALICE), Reader(meeting, CHARLIE)
    hello = meeting.says(ALICE, "Hello")
    meeting.ask(React(hello, "❤️", on=True), BOB)
    meeting.ask(React(hello, "❤️", on=False), BOB)
    assert alice.reads() == ["[1] Sent.", "Bob reacts ❤️ to [1]."]
    assert charlie.reads() == ["[1] Alice: Hello"]
    meeting.shares(ALICE)
    meeting.ask(React("s1", "🙏", on=True), BOB)
    assert alice.reads()[-1] == "Bob reacts 🙏 to [2]."


def test_safety() -> None:
    meeting = a_round(ALICE, BOB)
    alice, fay = Reader(meeting, ALICE), Reader(meeting, FAY)
    for command in (Mute(ALICE), Unmute(ALICE), Lock(), Unlock(), QuietRoom(), Unquiet(), Remove(BOB), Unblock(BOB)):
        meeting.ask(command, FAY)
    assert alice.reads() == [
        "You are muted. You can still write to the service team: /team.",
        "You are no longer muted.",
        "The doors are locked; nobody new comes in.",
        "The doors are open.",
        looks.QUIET,
        "The room is as it was before the quiet.",
        "Bob was taken out of the meeting.",
    ]
    told = fay.reads()
    assert told[4:] == [
        f"{looks.QUIET} /unquiet ends it.",
        "The room is as it was before the quiet.",
        "Bob was taken out of the meeting and may not come back to this meeting.",
        "Bob may come back.",
    ]


def test_calls_for_help_and_reports() -> None:
    meeting = a_round(ALICE, BOB)
    alice, fay = Reader(meeting, ALICE), Reader(meeting, FAY)
    hello = meeting.says(BOB, "Buy this")
    meeting.ask(AskForHelp("I feel unwell"), ALICE)
    meeting.ask(Report(message=hello), ALICE)
    meeting.ask(Report(who=BOB, text="He sells things"), ALICE)
    assert alice.reads()[1:] == ["The service team has heard your call.", *["The service team has your report."] * 2]
    assert fay.reads()[1:] == [
        "Alice asks the service team for help: I feel unwell",
        "Alice reports [1]: (no words)",
        "Alice reports Bob: He sells things",
    ]
    asked = looks.calls(Seen(restore(meeting.view(FAY), FAY), FAY, lambda: meeting.now), "")
    assert asked[0] == "Alice asks the service team for help: I feel unwell"
    assert asked[2:] == ["Alice reports Bob: He sells things", "/seen NAME says that it is seen to."]
    call, *reports = meeting.room.requests
    meeting.ask(SeeTo(requests=[call]), FAY)
    meeting.ask(SeeTo(requests=reports), ALICE)
    assert alice.reads() == ["The service team has seen to your call.", "You have taken it back."]
    assert fay.reads()[0] == "You have seen to it. /calls lists what is still to be seen to."
    assert looks.calls(fay.seen, "") == ["Nobody has called the service team."]


def test_who_speaks_in_a_discreet_meeting_has_a_name() -> None:
    meeting = a_round(ALICE, BOB, roster="service")
    alice = Seen(restore(meeting.view(ALICE), ALICE), ALICE, lambda: meeting.now)
    assert looks.who(alice, "") == ["The service team, you, and whoever has the floor:", *looks.who(alice, "")[1:]]
    [said] = meeting.ask(Say("Hello"), BOB)
    assert tell(said, alice) == ["[1] Bob: Hello"]


def test_somebody_who_comes_in_sees_where_the_meeting_is() -> None:
    meeting = a_share(BOB, ALICE)
    for n in range(12):
        meeting.says(FAY, f"Number {n}")
    alice = Reader(meeting, ALICE)
    lines = looks.room(alice.seen)
    assert lines[0].startswith("Now: Sharing, until ")
    assert lines[1] == "Bob is sharing, 3 minutes left."
    assert lines[-10:][0] == "[1] Fay: Number 2"
    assert looks.room(alice.seen)[-1] != "[10] Fay: Number 11", "what was shown is not shown again"

"""What people type in the terminal, and what it asks of the room."""

from typing import Any, get_args

import pytest

from client.terminal.seen import Misunderstood, Seen
from client.terminal.words import WORDS, leaves, understand
from rooms.agenda import AddMinutes, Assign, GoTo, NextPhase, Start
from rooms.chat import Celebrate, Chat, React, Say, Unsay
from rooms.floor import AddTime, Begin, Call, Done, LowerHand, MoveHand, PutBack, RaiseHand, SetShareTime, WriteShare
from rooms.formats import Phase
from rooms.presence import Admit, Deny, GiveRole, Join, Leave, Rename
from rooms.room import WireCommand
from rooms.safety import AskForHelp, Mute, Remove, Report, SeeTo, Unblock
from rooms.vocabulary import Command, ParticipantId
from tests.kit import ALICE, BOB, CHARLIE, FAY, GRETA, TIM, Meeting, a_meeting, a_phase, a_round, a_share

EVERYTHING = {
    "start": "/start",
    "next_phase": "/phase next",
    "go_to": "/phase 1",
    "add_minutes": "/extend 5",
    "end": "/end",
    "assign": "/assign 1 Alice",
    "rename": "/name Ali",
    "leave": "/leave",
    "admit": "/admit all",
    "deny": "/deny all",
    "add_person": "/add-person Pat",
    "role": "/role Alice greeter",
    "hand_over": "/handover Alice",
    "raise_hand": "/hand",
    "lower_hand": "/lower",
    "move_hand": "/move Alice 1",
    "call": "/next",
    "put_back": "/putback Alice",
    "pick": "/pick Alice",
    "begin": "/begin",
    "pass": "/pass",
    "done": "/done",
    "stop_share": "/stop",
    "add_time": "/add 1",
    "stop_clock": "/pause",
    "start_clock": "/resume",
    "close_queue": "/closequeue",
    "open_queue": "/openqueue",
    "set_share_time": "/sharetime 2",
    "share": "/share Hello.",
    "say": "/say Hello.",
    "unsay": "/unsay 1",
    "react": "/react 1",
    "pin": "/pin 1",
    "unpin": "/unpin 1",
    "celebrate": "/milestone 90 days",
    "chat": "/chat closed",
    "mute": "/mute Alice",
    "unmute": "/unmute Alice",
    "remove": "/remove Alice",
    "unblock": "/unblock Bob",
    "lock": "/lock",
    "unlock": "/unlock",
    "quiet": "/quiet",
    "unquiet": "/unquiet",
    "ask_for_help": "/helpme",
    "report": "/report Alice",
    "see_to": "/seen Alice",
}


def seen_by(who: ParticipantId, meeting: Meeting) -> Seen:
    seen = Seen(meeting.room, who, lambda: meeting.now)
    for message in meeting.room.messages:
        seen.number_of(message)
    return seen


def asked(line: str, meeting: Meeting, by: ParticipantId = ALICE) -> Command:
    it = understand(line, seen_by(by, meeting))
    assert isinstance(it, Command)
    return it


def answered(line: str, meeting: Meeting, by: ParticipantId = ALICE) -> list[str]:
    it = understand(line, seen_by(by, meeting))
    assert isinstance(it, list)
    return it


def misunderstood(line: str, seen: Seen) -> str:
    with pytest.raises(Misunderstood) as caught:
        understand(line, seen)
    return str(caught.value)


def tag(command: Any) -> str:
    return str(command.__struct_config__.tag)


@pytest.mark.parametrize("command", get_args(WireCommand), ids=tag)
def test_every_command_of_the_protocol_can_be_typed(command: type[Command]) -> None:
    meeting = a_round(ALICE, BOB)
    meeting.says(ALICE)
    meeting.ask(AskForHelp(), ALICE)
    meeting.ask(Remove(BOB), FAY)
    assert type(asked(EVERYTHING[tag(command)], meeting, FAY)) is command


def test_every_word_is_in_the_help_of_who_may_use_it() -> None:
    meeting = a_round(ALICE)
    told = "\n".join(answered("/help", meeting, FAY))
    for words in WORDS.values():
        for word in words:
            assert word.line in told
    told = "\n".join(answered("/help", meeting, ALICE))
    assert "/hand" in told
    assert "/remove" not in told
    assert answered("/help done", meeting) == ["/done: end your share"]


def test_what_was_asked_of_the_service_team_is_seen_to_by_the_name_of_who_asked_or_was_reported() -> None:
    meeting = a_round(ALICE, BOB)
    meeting.ask(AskForHelp(text="Please"), ALICE)
    meeting.ask(Report(who=BOB), ALICE)
    help_, report = meeting.room.requests
    assert asked("/seen bob", meeting, FAY) == SeeTo(requests=[report])
    assert asked("/seen Alice", meeting, FAY) == SeeTo(requests=[help_, report])
    assert misunderstood("/seen Fay", seen_by(FAY, meeting)) == "Nobody here is called Fay. /who lists everybody."


# Plain text


def test_plain_text_is_said_in_the_chat() -> None:
    meeting = a_round(ALICE)
    assert asked("Good evening.", meeting) == Say("Good evening.")
    assert asked("//help is what I need", meeting) == Say("/help is what I need")
    assert asked("!important", meeting) == Say("!important")
    assert asked("done", meeting) == Say("done")
    assert understand("   ", seen_by(ALICE, meeting)) == []


def test_plain_text_is_ones_share_while_one_has_the_floor() -> None:
    meeting = a_share(ALICE, BOB)
    assert asked("It was a long week.", meeting) == WriteShare("It was a long week.")
    assert asked("/say Is the sound all right?", meeting) == Say("Is the sound all right?")
    assert asked("done", meeting) == Done()
    assert asked("Me, too.", meeting, BOB) == Say("Me, too.")


def test_who_is_called_begins_first() -> None:
    meeting = a_round(ALICE)
    meeting.ask(Call(who=ALICE), FAY)
    assert "/begin" in misunderstood("It was a long week.", seen_by(ALICE, meeting))
    assert asked("/begin", meeting) == Begin()


def test_what_was_meant_for_a_share_that_has_ended_is_not_said_in_the_chat() -> None:
    meeting = a_share(ALICE)
    seen = seen_by(ALICE, meeting)
    understand("It was a long week.", seen)
    meeting.ask(Call(after=meeting.room.floor.id if meeting.room.floor else None, who=FAY), FAY)
    assert "Your share is over" in misunderstood("And then I", seen)
    assert understand("Thank you.", seen) == Say("Thank you.")


def test_a_slip_of_the_finger_is_not_said_in_the_chat() -> None:
    seen = seen_by(ALICE, a_round(ALICE))
    assert misunderstood("/hnad sleep", seen) == "There is no command /hnad. Did you mean /hand? Nothing was sent."
    assert "/help" in misunderstood("/", seen)
    assert "nothing was sent" in misunderstood("/done with it", seen)
    for line in (
        "/say",
        "/team",
        "/direct",
        "/direct Fay",
        "/reply",
        "/react",
        "/report",
        "/name",
        "/milestone",
        "/share",
    ):
        misunderstood(line, seen)


def test_some_commands_have_shorter_forms() -> None:
    meeting = a_round(ALICE)
    assert asked("!", meeting) == RaiseHand()
    assert asked("! sleep", meeting) == RaiseHand("sleep")
    assert asked("/HAND sleep", meeting) == RaiseHand("sleep")
    assert asked(" /quit", meeting) == Leave()
    assert leaves("/leave")
    assert not leaves("I leave")


# People


def test_people_are_meant_by_their_name_or_its_beginning() -> None:
    meeting = a_round(ALICE, BOB)
    for typed in ("Bob", "bob", "b", '"Bob"'):
        assert asked(f"/mute {typed}", meeting, FAY) == Mute(BOB)
    assert "Nobody here is called Zoe" in misunderstood("/mute Zoe", seen_by(FAY, meeting))


def a_crowd(*names: str) -> tuple[Meeting, list[ParticipantId]]:
    meeting, people = a_round(), [ParticipantId(f"p{n}") for n in range(len(names))]
    for who, name in zip(people, names, strict=True):
        meeting.ask(Join(who=who, name=name))
    return meeting, people


def test_where_two_have_the_same_name_they_have_numbers() -> None:
    meeting, (first, second, other) = a_crowd("Robin", "ROBIN\u200d", "Robina")
    seen = seen_by(FAY, meeting)
    assert seen.name(first) == "Robin @2"
    assert seen.name(other) == "Robina"
    assert "Robin @2" in misunderstood("/mute Robin", seen)
    assert understand("/mute @3", seen) == Mute(second)
    assert understand("/mute Robin @3", seen) == Mute(second)
    assert understand("/mute Robina", seen) == Mute(other)
    assert "Nobody of that name" in misunderstood("/mute Alice @3", seen)
    meeting.ask(Leave(), first)
    assert seen.name(second) == "ROBIN\u200d"
    assert understand("/mute @3", seen) == Mute(second), "a number means the same for ever"


def test_a_name_does_not_pass_for_a_number_or_for_somebody_of_ours() -> None:
    meeting, (robin, impostor, you, room) = a_crowd("Robin", "Robin @2", "You", "The Room")
    seen = seen_by(FAY, meeting)
    assert seen.name(impostor) == "Robin @2 @3"
    assert understand("/mute Robin @2", seen) == Mute(robin)
    assert understand("/mute Robin @2 @3", seen) == Mute(impostor)
    assert (seen.name(you), seen.name(room)) == ("You @4", "The Room @5")
    assert seen.name(None) == "The room"


def test_a_text_goes_to_nobody_else_than_who_was_meant() -> None:
    meeting, (mary, mary_ann, robin, _) = a_crowd("Mary", "Mary Ann", "Robin Hood", "Robin Redbreast")
    seen = seen_by(FAY, meeting)
    assert understand("/direct Mary hello", seen) == Say("hello", to=mary)
    assert "Mary Ann @3" in misunderstood("/direct Mary Ann hello", seen)
    assert understand('/direct "Mary Ann" hello', seen) == Say("hello", to=mary_ann)
    assert understand("/direct @3 hello", seen) == Say("hello", to=mary_ann)
    assert understand("/direct robin hood see @2", seen) == Say("see @2", to=robin)
    assert "any of these" in misunderstood("/direct Robin hello", seen)
    assert understand("/hand-for Robin Hood sleep", seen) == RaiseHand("sleep", robin)


def test_people_at_the_door_and_those_who_are_gone_have_names_too() -> None:
    meeting = a_round(ALICE, waiting_room=True)
    meeting.ask(Join(who=BOB, name="Bob"))
    assert asked("/admit bob", meeting, FAY) == Admit(BOB)
    assert asked("/deny all", meeting, FAY) == Deny("all")
    meeting.ask(Admit(BOB), FAY)
    meeting.goes_away(BOB)
    meeting.wait(121_000)
    assert BOB in meeting.room.gone
    assert asked("/remove Bob", meeting, FAY) == Remove(BOB)
    assert asked("/remove-only Bob", meeting, FAY) == Remove(BOB, block=False)
    meeting.ask(Remove(BOB), FAY)
    assert asked("/unblock Bob", meeting, FAY) == Unblock(BOB)


# Messages


def test_messages_are_meant_by_their_number() -> None:
    meeting = a_round(ALICE, BOB)
    hello, aside = meeting.says(BOB), meeting.says(FAY, to=ALICE)
    team = meeting.says(ALICE, to="service")
    assert asked("/reply 1 Hello, Bob", meeting) == Say("Hello, Bob", reply_to=hello)
    assert asked("/reply [2] Thank you", meeting) == Say("Thank you", to=FAY, reply_to=aside)
    assert asked("/reply 3 I mean it", meeting) == Say("I mean it", to="service", reply_to=team)
    assert asked("/reply 2 You see", meeting, FAY) == Say("You see", to=ALICE, reply_to=aside)
    assert asked("/unsay", meeting) == Unsay(team)
    assert asked("/unsay 3", meeting) == Unsay(team)
    assert "number" in misunderstood("/reply 4 Hello", seen_by(ALICE, meeting))


def test_reactions_are_meant_by_number_name_or_themselves() -> None:
    meeting = a_round(ALICE)
    hello = meeting.says(FAY)
    for typed in ("", "❤", "❤️", "1", "heart"):
        assert asked(f"/react 1 {typed}", meeting) == React(hello, "❤️", on=True)
    assert asked("/react 1 clap", meeting) == React(hello, "👏", on=True)
    assert asked("/unreact 1 2", meeting) == React(hello, "🙏", on=False)
    assert "5 💪" in misunderstood("/react 1 🍕", seen_by(ALICE, meeting))


def test_a_report_is_of_a_person_or_a_message() -> None:
    meeting = a_share(BOB, ALICE)
    hello = meeting.says(FAY)
    assert asked("/report Bob shouts", meeting) == Report(who=BOB, text="shouts")
    assert asked("/report 1", meeting) == Report(message=hello)
    seen = seen_by(ALICE, meeting)
    assert seen.number_of("s1") == 2
    assert understand("/report 2", seen) == Report(who=BOB)


# Numbers and lengths


def test_lengths_are_minutes_unless_one_says_so() -> None:
    meeting = a_share(ALICE)
    lengths = {"2": 120, "1.5": 90, "1:30": 90, "90s": 90, "2m": 120, "-1": -60, "+1": 60, "-30 sec": -30}
    for typed, seconds in lengths.items():
        assert asked(f"/add {typed}", meeting, TIM) == AddTime(seconds)
    assert asked("/sharetime 2:30", meeting) == SetShareTime(150)
    assert asked("/extend -5", meeting) == AddMinutes(-5)
    for typed in ("", "soon", "1:90", "nan", "9" * 5000):
        assert "how long" in misunderstood(f"/add {typed}", seen_by(TIM, meeting))


def test_the_agenda_is_counted_from_one() -> None:
    meeting = a_round(ALICE, phase=a_phase(title="Sharing"))
    assert asked("/phase 1", meeting, FAY) == GoTo(0, 0)
    assert asked("/phase next", meeting, FAY) == NextPhase(0)
    assert asked("/assign 1 Alice", meeting, FAY) == Assign(0, ALICE)
    later = a_meeting(a_phase(), a_phase())
    later.join(FAY)
    later.ask(Start(), FAY)
    later.ask(NextPhase(), FAY)
    assert asked("/phase back", later, FAY) == GoTo(0, 1)
    for typed in ("0", "2", "-1", "", "²", "back"):
        misunderstood(f"/phase {typed}", seen_by(FAY, meeting))


def test_the_queue_is_counted_from_one() -> None:
    meeting = a_round(ALICE, BOB)
    assert asked("/move Bob 1", meeting, TIM) == MoveHand(BOB, 0)
    for line in ("/move Bob", "/move Bob 0", "/move Bob first"):
        misunderstood(line, seen_by(TIM, meeting))


def test_a_call_rests_on_who_has_the_floor() -> None:
    meeting = a_round(ALICE, BOB)
    assert asked("/next", meeting, FAY) == Call(after=None)
    meeting.shares(ALICE)
    assert asked("/next", meeting, FAY) == Call(after="s1")
    assert asked("/call Bob", meeting, FAY) == Call(who=BOB, after="s1")
    assert asked("/putback", meeting, FAY) == PutBack(ALICE)
    assert asked("/putback Bob", meeting, FAY) == PutBack(BOB)


def test_what_else_follows_a_command() -> None:
    meeting = a_round(ALICE, CHARLIE)
    meeting.join(GRETA)
    assert asked("/name Ali B", meeting) == Rename("Ali B")
    assert asked("/lower", meeting) == LowerHand()
    assert asked("/lower Charlie", meeting, FAY) == LowerHand(CHARLIE)
    assert asked("/role Charlie Timekeeper", meeting, FAY) == GiveRole(CHARLIE, "timekeeper")
    assert asked("/chat slow 20", meeting, GRETA) == Chat("slow", 20)
    assert asked("/chat open", meeting, GRETA) == Chat("open")
    assert asked("/milestone 3 years", meeting) == Celebrate(3, "years")
    assert asked("/milestone 1 month", meeting) == Celebrate(1, "months")
    assert asked("/team I need a moment", meeting) == Say("I need a moment", to="service")
    for line in ("/role Charlie", "/role Charlie king", "/chat loud", "/chat slow ly", "/milestone many days"):
        misunderstood(line, seen_by(FAY, meeting))


# Looking around


def test_one_can_look_around() -> None:
    meeting = a_round(
        ALICE, BOB, phase=Phase(kind="round", title="Sharing", text="One\n\nTwo", credit="By us", minutes=30)
    )
    meeting.shares(BOB)
    meeting.ask(RaiseHand("sleep"), ALICE)
    who = answered("/who", meeting)
    assert who == [
        "3 here:",
        "  @1 Fay, facilitator",
        "  @2 Alice (you), hand raised, number 1",
        "  @3 Bob, has the floor",
    ]
    assert answered("/queue", meeting)[:2] == [
        "Bob is sharing, 3 minutes left.",
        "The queue is open; each share has 3 minutes, and there is time for 9 more.",
    ]
    assert answered("/queue", meeting)[2].startswith("  1. You (sleep), about ")
    assert answered("/agenda", meeting)[-1] == "  1. Sharing, 30 minutes, now"
    assert answered("/read", meeting) == ["Sharing", "    One", "    Two", "    By us"]
    assert answered("/time", meeting)[-1].startswith("The meeting is to end at ")

"""The words of the protocol are the words of the rules: commands, events, refusals, formats, the snapshot."""

from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from rooms import chat, floor
from rooms.agenda import Assign
from rooms.formats import Format, Phase, Words
from rooms.room import AnyEvent, WireCommand
from rooms.vocabulary import Code
from tests.kit import ALICE, BOB, EVE, FAY, GRETA, a_phase, a_round, a_share

PROTOCOL = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text()

# Every command with its fields; those with a question mark may be left out.
COMMANDS = {
    "rename": "name",
    "leave": "",
    "admit": "who",
    "deny": "who",
    "start": "",
    "next_phase": "from?",
    "go_to": "phase from?",
    "add_minutes": "minutes",
    "end": "from?",
    "raise_hand": "topic? who?",
    "lower_hand": "who?",
    "move_hand": "who place",
    "call": "who? after?",
    "put_back": "who",
    "pick": "who",
    "begin": "",
    "pass": "",
    "done": "",
    "stop_share": "share?",
    "add_time": "seconds",
    "stop_clock": "",
    "start_clock": "",
    "close_queue": "",
    "open_queue": "",
    "set_share_time": "seconds",
    "share": "text",
    "say": "text to? reply_to?",
    "unsay": "message",
    "react": "to emoji on",
    "pin": "message",
    "unpin": "message",
    "chat": "mode every?",
    "mute": "who",
    "unmute": "who",
    "remove": "who block?",
    "unblock": "who",
    "lock": "",
    "unlock": "",
    "quiet": "",
    "unquiet": "",
    "add_person": "name",
    "role": "who role",
    "hand_over": "who",
    "assign": "phase who",
    "celebrate": "count unit",
    "ask_for_help": "text?",
    "report": "who? message? text?",
    "see_to": "requests",
}

# Every event that travels, with its fields besides `t`, `seq`, `tag`, `at` and `by`.
EVENTS = {
    "knocked": "who name",
    "denied": "who",
    "joined": "who name role device",
    "away": "who",
    "returned": "who",
    "left": "who why",
    "renamed": "who name",
    "role_changed": "who role why name?",
    "started": "ends_at",
    "fellowship": "ends_at",
    "ended": "",
    "phase_began": "phase ends_at?",
    "phase_due": "phase",
    "phase_extended": "phase ends_at",
    "hand_raised": "who place topic?",
    "hand_lowered": "who why",
    "hand_moved": "who place",
    "circle_formed": "order",
    "called": "who share answer_by name? shares? device?",
    "began": "who share ends_at",
    "warned": "share left",
    "time_up": "share grace_until?",
    "clock_changed": "share ends_at? left?",
    "share_ended": "who share why spoke",
    "queue_closed": "why",
    "queue_opened": "held?",
    "share_time_changed": "seconds",
    "shared": "share text n name?",
    "said": "message text to reply_to? name?",
    "unsaid": "message",
    "reacted": "to emoji on",
    "pinned": "message said",
    "unpinned": "message",
    "chat_changed": "mode every?",
    "muted": "who",
    "unmuted": "who",
    "removed": "who block",
    "unblocked": "who",
    "locked": "",
    "unlocked": "",
    "quieted": "left?",
    "unquieted": "locked queue_open mode every? ends_at? answer_by?",
    "assigned": "phase who name?",
    "celebrated": "count unit name?",
    "help_asked": "text? request?",
    "reported": "who? message? text? request?",
    "seen_to": "requests",
}
UNSEEN = {"opened", "noted"}  # facts for replicas

CODES = """
    bad_message unknown_command bad_name bad_key bad_passcode not_allowed not_now not_your_turn no_such_participant
    no_such_message no_such_phase already_queued queue_closed chat_closed muted too_long too_fast locked full blocked
    denied ended no_such_room unavailable
"""


def fields_by_tag(words: Any, without: set[str]) -> dict[str, str]:
    return {
        word.__struct_config__.tag: " ".join(
            f.encode_name + ("" if f.required else "?")
            for f in msgspec.structs.fields(word)
            if f.encode_name not in without
        )
        for word in get_args(words)
    }


def test_the_commands_and_their_fields() -> None:
    assert fields_by_tag(WireCommand, {"id"}) == COMMANDS


def test_the_events_and_their_fields() -> None:
    events = fields_by_tag(AnyEvent, {"seq", "tag", "at", "by"})
    assert {tag: fields for tag, fields in events.items() if tag not in UNSEEN} == EVENTS
    assert events.keys() - EVENTS.keys() == UNSEEN


def test_the_codes_of_refusals() -> None:
    assert set(get_args(Code)) == set(CODES.split())


@pytest.mark.parametrize("word", [*COMMANDS, *EVENTS, *CODES.split()])
def test_the_page_for_those_who_write_clients_names_it(word: str) -> None:
    assert f"`{word}`" in PROTOCOL


@pytest.mark.parametrize(
    ("command", "id_"), [("start", 1), ("start", 2**53 - 1), ("start", 0), ("start", 2**53), ("start", -1)]
)
def test_a_commands_id_is_a_whole_number_from_1_to_2_to_the_53_less_1(command: str, id_: int) -> None:
    message = {"t": command, "id": id_}
    if 1 <= id_ <= 2**53 - 1:
        assert msgspec.convert(message, WireCommand).id == id_
    else:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(message, WireCommand)


@pytest.mark.parametrize(
    "message",
    [
        {"t": "say", "text": ""},
        {"t": "say", "text": "x" * 2001},
        {"t": "share", "text": ""},
        {"t": "share", "text": "x" * 4001},
        {"t": "raise_hand", "topic": "x" * 81},
        {"t": "chat", "mode": "loud"},
        {"t": "role", "who": "a", "role": "owner"},
        {"t": "celebrate", "count": 0, "unit": "days"},
        {"t": "celebrate", "count": 1, "unit": "weeks"},
        {"t": "celebrate", "count": 1.5, "unit": "days"},
        {"t": "move_hand", "who": "a", "place": -1},
        {"t": "go_to", "phase": -1},
        {"t": "react", "to": "m", "emoji": "🙏"},
        {"t": "remove", "who": "a", "block": "yes"},
        {"t": "see_to", "requests": []},
        {"t": "see_to", "requests": ["a-1"] * 101},
    ],
)
def test_a_field_of_the_wrong_type_size_or_range_is_no_command(message: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(message, WireCommand)


@pytest.mark.parametrize(
    "message",
    [
        {"t": "say", "text": "x" * 2000},
        {"t": "share", "text": "x" * 4000},
        {"t": "raise_hand", "topic": "x" * 80},
        {"t": "lock", "from_a_later_version": [1, 2]},
    ],
)
def test_the_longest_texts_and_unknown_fields_are_taken(message: dict[str, Any]) -> None:
    assert msgspec.convert(message, WireCommand).__struct_config__.tag == message["t"]


def test_a_say_goes_to_everyone_and_a_removal_blocks_unless_told_otherwise() -> None:
    assert msgspec.convert({"t": "say", "text": "x"}, WireCommand).to == "everyone"
    assert msgspec.convert({"t": "remove", "who": "a"}, WireCommand).block is True


def test_null_is_a_guards_value_and_an_absent_guard_is_none() -> None:
    absent, null = (msgspec.convert(m, WireCommand) for m in ({"t": "call"}, {"t": "call", "after": None}))
    assert (absent.after, null.after) == (msgspec.UNSET, None)
    absent, null = (msgspec.convert(m, WireCommand) for m in ({"t": "next_phase"}, {"t": "next_phase", "from": None}))
    assert (absent.from_, null.from_) == (msgspec.UNSET, None)


# Meeting formats


def defaults(format_: type[msgspec.Struct]) -> dict[str, Any]:
    return {f.encode_name: f.default for f in msgspec.structs.fields(format_) if not f.required}


def test_the_defaults_of_a_format() -> None:
    assert defaults(Format) == {
        "title": "",
        "doors_minutes": 15,
        "fellowship_minutes": 15,
        "waiting_room": False,
        "admit_after_seconds": None,
        "emoji": ("❤️", "🙏", "👏", "😂", "💪"),
        "alone_seconds": 60,
        "overrun_minutes": 60,
        "unattended": "run",
        "runs_itself": False,
        "history": "from_join",
        "roster": "everyone",
        "chat": "open",
        "crosstalk": "reactions",
        "words": None,
        "direct_messages": "service",
        "capacity": 1000,
        "away_seconds": 120,
        "answer_seconds": 30,
    }


def test_the_defaults_of_a_phase() -> None:
    assert defaults(Phase) == {
        "title": "",
        "text": "",
        "credit": "",
        "seconds": None,
        "minutes": None,
        "advance": "manual",
        "chat": None,
        "queue": None,
        "post": (),
        "share_seconds": 180,
        "warn_seconds": 60,
        "grace_seconds": 30,
        "hard_stop": True,
        "reserve_seconds": 0,
        "order": "hands",
        "auto_call": False,
    }


@pytest.mark.parametrize(
    "rules",
    [
        {"phase": []},
        {"phase": [{}]},
        {"phase": [{"kind": "break"}]},
        {"phase": [{"kind": "round", "seconds": 60, "minutes": 1}]},
        {"phase": [{"kind": "round", "seconds": 0}]},
        {"phase": [{"kind": "round", "seconds": float("nan")}]},
        {"phase": [{"kind": "round", "share_seconds": 0.0001}]},
        {"phase": [{"kind": "round", "warn_seconds": -1}]},
        {"phase": [{"kind": "round", "order": "lottery"}]},
        {"phase": [{"kind": "round", "advance": "soon"}]},
        {"phase": [{"kind": "round"}], "unattended": "panic"},
        {"phase": [{"kind": "round"}], "capacity": 0},
        {"phase": [{"kind": "round"}], "history": "some"},
        {"phase": [{"kind": "round"}], "roster": "nobody"},
        {"phase": [{"kind": "round"}], "crosstalk": "shouting"},
        {"phase": [{"kind": "round"}], "direct_messages": "all"},
        {"phase": [{"kind": "round"}], "away_seconds": -1},
    ],
)
def test_a_format_that_cannot_be_held_is_no_format(rules: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(rules, Format)


def test_a_phases_length_is_in_seconds_or_in_minutes_fractions_allowed() -> None:
    assert Phase(kind="silence", seconds=0.5).length == 500
    assert Phase(kind="silence", minutes=1.5).length == 90_000
    assert Phase(kind="silence").length is None


# The snapshot


def test_the_room_in_a_snapshot() -> None:
    meeting = a_share(ALICE, BOB, EVE, GRETA)
    meeting.ask(floor.RaiseHand(topic="Hope"), BOB)
    question = meeting.says(GRETA)
    meeting.ask(chat.Say(text="Good evening to you.", reply_to=question), FAY)
    meeting.ask(chat.React(to=question, emoji="🙏", on=True), BOB)
    meeting.ask(chat.Pin(message=question), GRETA)
    meeting.ask(chat.Celebrate(count=3, unit="months"), BOB)
    meeting.ask(floor.WriteShare(text="I am glad to be here."), ALICE)
    meeting.ask(Assign(phase=0, who=BOB), FAY)
    seen = msgspec.to_builtins(meeting.view(GRETA))
    assert set(seen) == {
        *("id", "meeting", "state", "doors_at", "starts_at", "ends_at", "phase", "phase_ends_at", "agenda"),
        *("participants", "floor", "queue", "chat", "locked", "quiet", "emoji", "celebrations", "rules"),
        *("lobby", "blocked", "requests"),
    }
    assert set(seen["meeting"]) == {"slug", "name", "timezone"}
    assert set(seen["agenda"][0]) == {
        *("kind", "title", "text", "credit", "seconds", "advance", "chat", "queue", "share_seconds", "warn_seconds"),
        *("grace_seconds", "hard_stop", "reserve_seconds", "order", "auto_call", "reader"),
    }
    facilitator = {"id": FAY, "name": "Fay", "role": "facilitator", "presence": "here", "shares": 0}
    assert seen["participants"][0] == facilitator
    assert set(seen["floor"]) == {
        *("who", "share", "state", "began_at", "ends_at", "warned", "paragraphs", "reactions"),
    }
    assert set(seen["queue"]) == {"open", "share_seconds", "fits", "hands"}
    assert set(seen["queue"]["hands"][0]) == {"who", "topic", "at", "expected_at"}
    assert set(seen["chat"]) == {"mode", "every", "messages", "pinned"}
    assert set(seen["chat"]["messages"][1]) == {"id", "by", "text", "to", "at", "reactions", "reply_to"}
    assert seen["chat"]["messages"][0]["reactions"] == {"🙏": 1}
    assert seen["chat"]["pinned"] == [question]
    assert set(seen["celebrations"][0]) == {"by", "count", "unit", "at"}
    assert seen["emoji"] == ["❤️", "🙏", "👏", "😂", "💪"]


def test_a_snapshot_before_the_start_has_no_phase_no_floor_and_no_end_of_a_phase() -> None:
    meeting = a_round(phase=a_phase(minutes=None))
    assert (meeting.view(FAY).phase, meeting.view(FAY).phase_ends_at, meeting.view(FAY).floor) == (0, None, None)


def test_the_waiting_room_and_the_blocked_are_shown_to_the_service_team_only() -> None:
    meeting = a_round(ALICE)
    assert (meeting.view(ALICE).lobby, meeting.view(ALICE).blocked) == (msgspec.UNSET, msgspec.UNSET)
    assert (meeting.view(FAY).lobby, meeting.view(FAY).blocked) == ([], [])


def test_a_groups_own_words_are_told_where_it_has_any() -> None:
    words = Words(facilitator="chair")
    assert msgspec.to_builtins(a_round(words=words).view(FAY).rules)["words"] == {"facilitator": "chair"}
    assert a_round().view(FAY).rules.words is msgspec.UNSET

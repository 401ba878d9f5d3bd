"""Names: what others will see of somebody."""

import pytest

from rooms.presence import AddPerson, Join, Rename
from rooms.vocabulary import ParticipantId, Refused, clean_name
from tests.kit import ALICE, BOB, FAY, a_meeting, a_round, named


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("Alice", "Alice"),
        ("  Alice  ", "Alice"),
        ("\tAlice\n", "Alice"),
        ("Anna Maria", "Anna Maria"),
        ("Zoe\u0308", "Zoë"),  # decomposed becomes composed (NFC)
        ("Ωμέγα", "Ωμέγα"),
        ("李 明", "李 明"),
        ("👩‍🚀 Sam", "👩‍🚀 Sam"),  # joined by U+200D
        ("می‌خواهم", "می‌خواهم"),  # joined by U+200C
        ("M.", "M."),
        ("x" * 40, "x" * 40),
        ("e\u0301" * 40, "é" * 40),  # forty as others see it
        ("🙂" * 40, "🙂" * 40),
        ("Sam \U0001fae9", "Sam \U0001fae9"),  # younger than some Pythons
    ],
)
def test_a_name_is_trimmed_and_normalised(given: str, seen: str) -> None:
    assert clean_name(given) == seen


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "\u200d\u200c",
        "x" * 41,
        "Al\x00ice",
        "Al\nice",
        "Al\x1bice",
        "Al\x7fice",
        "Al\u0085ice",
        "\u202eecilA",  # right-to-left override
        "Al\u202aice",
        "Al\u2066ice",
        "Al\u200eice",  # left-to-right mark
        "Al\u200bice",  # a space of no width
        "Al\u2028ice",
        "Al\ufeffice",
        "Al\ue000ice",
        "Al\ud800ice",
    ],
)
def test_a_name_without_or_with_too_much_or_with_what_cannot_be_shown_is_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        clean_name(name)
    assert refusal.value.code == "bad_name"


def test_the_same_holds_at_the_door_for_renaming_and_for_persons_without_a_device() -> None:
    meeting = a_round(ALICE)
    assert meeting.refuses(Join(who=BOB, name="\u202e")) == "bad_name"
    assert meeting.refuses(Join(who=BOB)) == "bad_name"
    assert meeting.refuses(Rename(name=" "), ALICE) == "bad_name"
    assert meeting.refuses(AddPerson(name="x" * 41), FAY) == "bad_name"
    meeting.ask(Join(who=BOB, name=" Bob "))
    meeting.ask(Rename(name=" Alison\n"), ALICE)
    person = meeting.add_person(" Grandpa ", FAY)
    names = {who: p.name for who, p in meeting.room.participants.items()}
    assert names == {FAY: "Fay", ALICE: "Alison", BOB: "Bob", person: "Grandpa"}


def test_two_people_may_have_the_same_name() -> None:
    meeting = a_meeting()
    for who in ("one", "two"):
        meeting.ask(Join(who=ParticipantId(who), name="Chris"))
    assert [p.name for p in meeting.room.participants.values()] == ["Chris", "Chris"]


def test_a_returning_seat_keeps_its_name() -> None:
    meeting = a_round(ALICE)
    meeting.goes_away(ALICE)
    meeting.comes_back(ALICE, name="Mallory")
    assert meeting.room.participants[ALICE].name == "Alice"
    meeting.goes_away(ALICE)
    meeting.wait(120_000)
    meeting.comes_back(ALICE, name="Mallory")
    assert meeting.room.participants[ALICE].name == "Alice"


def test_everybody_hears_of_a_new_name_once() -> None:
    meeting = a_round(ALICE)
    assert named(meeting.ask(Rename(name="Alison"), ALICE)) == ["renamed"]
    assert meeting.ask(Rename(name="Alison"), ALICE) == []

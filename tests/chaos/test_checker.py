"""A check that cannot fail is none: the checker finds each thing that is planted, and nothing where all is well."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest

from tests.chaos.checker import KINDS, check
from tests.chaos.notes import CAME, DOWN, LAST, PEOPLE, SENT, UP, Notes

ROOM = "circle"
FAY, ALICE, BOB = range(3)
IDS = ["fay", "alice", "bob"]

Event = dict[str, Any]


class Story:
    """A meeting of three, as its notes tell it: all goes well, unless a test has it otherwise."""

    def __init__(self, folder: Path) -> None:
        self._people = Notes(folder / PEOPLE)
        for number in range(3):
            self._people.write(number, ROOM, f"Person {number}")
        self._notes = Notes(folder / f"{ROOM}.notes")
        self._time = 0
        self._commands = [0, 0, 0]
        self.epoch, self.seq = "one", 3
        self.messages: list[Event] = []
        self.hands: list[str] = []
        self.share: str | None = None
        for number in range(3):
            self.comes(number)

    # What is noted

    def note(self, person: int, kind: int, data: Any = None) -> None:
        self._time += 1000
        packed = msgpack.packb(data) if kind in {SENT, CAME} else data
        self._notes.write(self._time, person, kind, packed)

    def hears(self, person: int, *messages: Event) -> None:
        self.note(person, CAME, list(messages))

    # What happens

    def comes(self, person: int, resumed: bool = False) -> None:
        self.note(person, UP)
        self.note(person, SENT, {"t": "hello"})
        role = "facilitator" if person == FAY else "member"
        welcome = {"t": "welcome", "you": IDS[person], "role": role, "last": self._commands[person], "resumed": resumed}
        self.hears(person, {**welcome, **self.position, **({} if resumed else {"room": self.room(person)})})

    @property
    def position(self) -> Event:
        return {"epoch": self.epoch, "seq": self.seq, "tag": f"{self.seq}"}

    def room(self, person: int) -> Event:
        mine = {"everyone", IDS[person]} | ({"service"} if person == FAY else set())
        may = [it for it in self.messages if it["to"] in mine or it["by"] == IDS[person]]
        return {
            "state": "running", "phase": 0, "participants": [{"id": it, "presence": "here"} for it in IDS],
            "floor": self.share and {"share": self.share, "who": "alice", "paragraphs": []},
            "queue": {"hands": [{"who": it} for it in self.hands]}, "chat": {"messages": may},
        }  # fmt: skip

    def asks(self, person: int, t: str, **fields: Any) -> int:
        self._commands[person] += 1
        self.note(person, SENT, {"t": t, "id": self._commands[person], **fields})
        return self._commands[person]

    def is_told(self, person: int, command: int) -> None:
        self.hears(person, {"t": "ack", "id": command, "seq": self.seq})

    def happens(self, t: str, by: int | None, heard_by: tuple[int, ...] = (FAY, ALICE, BOB), **fields: Any) -> Event:
        self.seq += 1
        event = {"t": t, "seq": self.seq, "tag": f"{self.seq}", **fields}
        if by is not None:
            event["by"] = IDS[by]
        for person in heard_by:
            self.hears(person, event)
        return event

    def says(
        self, person: int, text: str, to: str = "everyone", heard_by: tuple[int, ...] = (FAY, ALICE, BOB)
    ) -> Event:
        command = self.asks(person, "say", text=text, to=to)
        event = self.happens("said", person, heard_by, text=text, to=to)
        self.messages.append(event)
        self.is_told(person, command)
        return event

    def raises_a_hand(self, person: int) -> None:
        command = self.asks(person, "raise_hand")
        self.happens("hand_raised", person, who=IDS[person], place=len(self.hands))
        self.hands.append(IDS[person])
        self.is_told(person, command)

    def calls(self, person: int, share: str) -> None:
        command = self.asks(FAY, "call")
        self.happens("called", FAY, who=IDS[person], share=share)
        self.hands.remove(IDS[person])
        self.share = share
        self.is_told(FAY, command)

    def ends_the_share(self) -> None:
        self.happens("share_ended", None, who="alice", share=self.share, why="time")
        self.share = None

    def is_restored(self, epoch: str) -> None:
        """Redis has lost the room, and a worker has written it back."""
        self.epoch = epoch
        for person in range(3):
            self.hears(person, {"t": "snapshot", **self.position, "room": self.room(person)})

    def ends(self) -> None:
        for person in range(3):
            self.note(person, LAST)
            self.note(person, DOWN, 1006)
            self.comes(person)
        self._notes.close()
        self._people.close()


def found(folder: Path) -> dict[str, int]:
    return dict(check(folder).numbers)


def an_evening(folder: Path) -> Story:
    """Much of what may happen, and all of it well."""
    story = Story(folder)
    story.says(ALICE, "1.1")
    story.says(BOB, "2.1", "service", (FAY, BOB))
    story.says(ALICE, "1.2", "bob", (ALICE, BOB))
    story.raises_a_hand(ALICE)
    story.raises_a_hand(BOB)
    story.calls(ALICE, "s1")
    return story


def test_where_all_goes_well_nothing_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.note(BOB, DOWN, 1006)
    missed = story.says(ALICE, "1.3", heard_by=(FAY, ALICE))
    story.comes(BOB, resumed=True)
    story.hears(BOB, missed)
    story.is_restored("two")
    story.ends_the_share()
    story.says(BOB, "2.2")
    story.ends()
    findings = check(tmp_path)
    assert not findings.violations
    assert (findings.count.acknowledged, findings.count.epochs, findings.count.resumed) == (8, 1, 1)


def test_an_acknowledged_text_that_nobody_sees_is_lost(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.is_told(ALICE, story.asks(ALICE, "say", text="1.3", to="everyone"))
    story.ends()
    assert "lost" in found(tmp_path)


def test_a_text_that_one_does_not_see_is_lost(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.says(ALICE, "1.3", heard_by=(FAY, ALICE))
    story.messages.pop()
    story.says(FAY, "0.1")
    story.ends()
    assert found(tmp_path) == {"lost": 2}  # the text, and the event before what Bob saw next


def test_an_acknowledged_hand_that_is_not_raised_is_lost(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.is_told(FAY, story.asks(FAY, "raise_hand"))
    story.ends()
    assert found(tmp_path) == {"lost": 1}


def test_what_clients_are_told_is_lost_is_lost(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.hears(BOB, {"t": "snapshot", **story.position, "room": story.room(BOB), "lost": True})
    story.ends()
    assert found(tmp_path) == {"lost": 1}


def test_a_log_that_forgets_what_was_seen_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.says(ALICE, "1.3")
    story.messages.pop()
    story.seq -= 1
    story.ends()
    assert found(tmp_path)["misordered"] == 3, "each was shown what was before"


def test_a_command_that_is_carried_out_twice_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.says(ALICE, "1.3")
    story.happens("said", ALICE, text="1.3", to="everyone")
    story.ends()
    assert set(found(tmp_path)) == {"doubled"}


def test_an_event_that_comes_twice_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.hears(BOB, story.says(ALICE, "1.3"))
    story.ends()
    assert found(tmp_path) == {"doubled": 1}


def test_a_text_that_is_refused_and_said_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    command = story.asks(ALICE, "say", text="1.3", to="everyone")
    story.messages.append(story.happens("said", ALICE, text="1.3", to="everyone"))
    story.hears(ALICE, {"t": "refused", "id": command, "code": "chat_closed"})
    story.ends()
    assert set(found(tmp_path)) == {"doubled"}


def test_two_events_in_one_place_are_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    event = story.says(ALICE, "1.3", heard_by=(FAY, ALICE))
    story.hears(BOB, {**event, "tag": "another"})
    story.ends()
    assert found(tmp_path) == {"misordered": 1}


def test_what_was_acknowledged_stands_before_what_was_sent_later(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    first = story.asks(ALICE, "say", text="1.3", to="everyone")
    story.is_told(ALICE, first)
    story.says(BOB, "2.2")
    story.messages.append(story.happens("said", ALICE, text="1.3", to="everyone"))
    story.ends()
    assert found(tmp_path) == {"misordered": 1}


def test_rooms_that_differ_at_the_end_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    story = an_evening(tmp_path)
    monkeypatch.setattr(story, "room", lambda it: {**Story.room(story, it), "phase": it})
    story.ends()
    assert found(tmp_path) == {"misordered": 2}


def test_two_on_the_floor_are_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.calls(BOB, "s2")
    story.ends()
    assert found(tmp_path) == {"two on the floor": 1}


def test_a_share_that_ends_twice_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.ends_the_share()
    story.happens("share_ended", None, who="alice", share="s1", why="time")
    story.ends()
    assert found(tmp_path) == {"two on the floor": 1}


def test_a_whisper_that_another_hears_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.says(ALICE, "1.3", "service")
    story.ends()
    assert found(tmp_path) == {"wrong audience": 1}, "Bob is not of the service team"


def test_a_whisper_that_another_is_shown_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.messages[1]["by"] = "fay"  # what was said to the service team, as if Alice had a right to it
    story.messages[1]["to"] = "fay"
    story.note(ALICE, DOWN, 1006)
    story.comes(ALICE)
    story.hears(ALICE, {"t": "snapshot", **story.position, "room": story.room(FAY)})
    story.ends()
    assert set(found(tmp_path)) == {"wrong audience"}


def test_a_hand_that_a_restored_room_has_lost_is_found(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.hands.remove("bob")
    story.is_restored("two")
    story.ends()
    assert found(tmp_path) == {"place lost": 1}


def test_who_is_out_of_the_room_has_lost_the_place(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.happens("hand_lowered", None, who="bob", why="left")
    story.hands.remove("bob")
    story.happens("left", None, who="bob", why="gone")
    story.ends()
    assert found(tmp_path) == {"place lost": 2}


def test_who_comes_back_as_somebody_else_has_lost_the_place(tmp_path: Path) -> None:
    story = an_evening(tmp_path)
    story.note(BOB, DOWN, 1006)
    story.hears(BOB, {"t": "welcome", "you": "carl", "role": "member", "last": 0, "resumed": True, **story.position})
    story.ends()
    assert found(tmp_path)["place lost"] >= 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda story: story.asks(ALICE, "say", text="1.3", to="everyone"),
        lambda story: story.note(ALICE, DOWN, 4003),
        lambda story: story.hears(ALICE, {"t": "refused", "code": "blocked"}),
    ],
    ids=["a command without an answer", "sent away", "not let in"],
)
def test_who_is_not_whole_is_found(tmp_path: Path, spoil: Callable[[Story], Any]) -> None:
    story = an_evening(tmp_path)
    spoil(story)
    story.ends()
    assert found(tmp_path) == {"not whole": 1}


def test_every_kind_of_violation_is_planted_here() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    assert all(f'"{kind}"' in source for kind in KINDS)

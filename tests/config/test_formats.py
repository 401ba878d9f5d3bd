"""The shipped formats."""

from importlib import resources

import msgspec
import pytest

from config import formats
from rooms.formats import Format
from server.schedule.posted import PostedFormat

MINUTES = {"discussion": 60, "speaker": 75, "study": 60, "check-in": 90, "circle": 60, "grief": 75, "quiet": 60}


def test_all_of_them_are_there() -> None:
    assert formats.shipped().keys() == MINUTES.keys()
    assert formats.DEFAULT in MINUTES


@pytest.mark.parametrize(("name", "minutes"), MINUTES.items())
def test_their_phases_add_up_to_the_meetings_length(name: str, minutes: int) -> None:
    lengths = [phase.length for phase in formats.shipped()[name].phase]
    assert sum(length for length in lengths if length is not None) == minutes * 60_000
    assert None not in lengths


@pytest.mark.parametrize("name", MINUTES)
def test_no_field_in_them_is_misspelt(name: str) -> None:
    file = resources.files("config.formats") / f"{name}.toml"
    assert msgspec.toml.decode(file.read_bytes(), type=PostedFormat)


@pytest.mark.parametrize("name", MINUTES)
def test_every_phase_says_what_it_is(name: str) -> None:
    for phase in formats.shipped()[name].phase:
        assert phase.title
    assert formats.shipped()[name].title


@pytest.mark.parametrize("name", MINUTES)
def test_silences_end_by_themselves_and_nobody_writes_in_them(name: str) -> None:
    for phase in formats.shipped()[name].phase:
        if phase.kind == "silence":
            assert phase.advance == "auto"
            assert phase.chat == "closed"


@pytest.mark.parametrize("name", MINUTES)
def test_a_share_fits_into_its_phase(name: str) -> None:
    for phase in formats.shipped()[name].phase:
        if phase.kind in {"round", "speaker"}:
            assert phase.length is not None
            assert phase.share_seconds * 1000 <= phase.length
            assert phase.reserve_seconds * 1000 < phase.length


@pytest.mark.parametrize("name", ["discussion", "speaker", "study", "circle", "grief"])
def test_there_is_a_place_for_the_groups_own_reading(name: str) -> None:
    texts = [phase.text for phase in formats.shipped()[name].phase if phase.kind == "reading"]
    assert any(text.startswith("[") and text.endswith("]") and "credit line" in text for text in texts)


def test_a_grief_circle_shows_its_members_to_the_service_team_only() -> None:
    grief = formats.shipped()["grief"]
    assert grief.roster == "service"
    assert grief.history == "from_join"
    assert grief.waiting_room
    assert grief.admit_after_seconds is not None  # safety is not a locked door


def test_those_who_wrote_before_one_came_stay_among_themselves() -> None:
    assert all(shipped.history == "from_join" for shipped in formats.shipped().values())


def test_each_is_a_format() -> None:
    assert all(type(shipped) is Format for shipped in formats.shipped().values())

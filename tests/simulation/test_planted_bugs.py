"""The simulator finds what it is there to find: for each invariant a bug is planted, of a kind that could happen."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from unittest import mock

import pytest

from rooms import presence
from rooms import room as rules
from rooms.presence import Join
from rooms.room import Room
from rooms.vocabulary import Event, ParticipantId
from server.door import Door
from server.redis import Script
from server.wire import Hello
from tests.simulation.world import Failed, simulate

MOST_SEEDS = 60

Plant = Callable[[], AbstractContextManager[object]]


def in_lua(name: str, right: str, wrong: str) -> AbstractContextManager[object]:
    made_well = Script.__init__

    def made(script: Script, path: Path) -> None:
        made_well(script, path)
        if path.stem == name:
            assert right in script.text
            script.text = script.text.replace(right, wrong)

    return mock.patch.object(Script, "__init__", made)


def the_state_may_have_moved() -> AbstractContextManager[object]:
    return in_lua("append", "or version ~= expected ", "")


def who_resumes_misses_the_first_event() -> AbstractContextManager[object]:
    right = Door._missed

    def missed(door: Door, hello: Hello, who: ParticipantId) -> list[Event] | None:
        found = right(door, hello, who)
        return found and found[1:]

    return mock.patch.object(Door, "_missed", missed)


def the_log_forgets_what_was_carried_out() -> AbstractContextManager[object]:
    return in_lua("append", "for who, done in pairs(windows) do", "for who, done in pairs({}) do")


def whoever_appends_is_believed() -> AbstractContextManager[object]:
    return in_lua("advance", "stored[1] ~= ARGV[at] or ", "")


def whatever_was_missed_commutes() -> AbstractContextManager[object]:
    return mock.patch("server.replica.commute", return_value=True)


def everything_is_for_everybody() -> AbstractContextManager[object]:
    return mock.patch.object(Room, "may_see", return_value=True)


def a_block_is_not_looked_at() -> AbstractContextManager[object]:
    def decide_join(room: Room, ask: Join, now: int) -> list[Event]:
        blocked, room.blocked = room.blocked, {}
        try:
            return presence.decide_join(room, ask, now)
        finally:
            room.blocked = blocked

    return mock.patch.dict(rules._REQUESTS, {Join: decide_join})


@pytest.mark.parametrize(
    ("invariant", "plant"),
    [
        (1, the_state_may_have_moved),
        (2, who_resumes_misses_the_first_event),
        (3, the_log_forgets_what_was_carried_out),
        (4, whoever_appends_is_believed),
        (4, whatever_was_missed_commutes),
        (5, everything_is_for_everybody),
        (6, a_block_is_not_looked_at),
    ],
)
def test_a_planted_bug_is_found(invariant: int, plant: Plant) -> None:
    with plant():
        assert any(found_by(seed) == invariant for seed in range(MOST_SEEDS))


def found_by(seed: int) -> int:
    """Which invariant a seed finds broken; 0 for none."""
    try:
        simulate(seed)
    except Failed as failure:
        return failure.invariant
    return 0

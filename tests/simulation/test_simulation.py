"""A thousand simulated meetings with nearly everything that can go wrong, held to the invariants of design.md."""

import os
import subprocess
import sys

import pytest

from tests.simulation.world import simulate

SEEDS, CASES = 1000, 20


@pytest.mark.parametrize("first", range(0, SEEDS, SEEDS // CASES))
def test_no_seed_breaks_an_invariant(first: int) -> None:
    for seed in range(first, first + SEEDS // CASES):
        simulate(seed)  # what fails says its seed, and how to see it again


def test_a_seed_is_the_same_meeting_again_in_another_process() -> None:
    """Even where Python puts its sets in another order."""
    replay = [sys.executable, "-m", "tests.simulation", "--seed", "11", "--digest"]
    told = {
        subprocess.run(
            replay, env={**os.environ, "PYTHONHASHSEED": hashes}, capture_output=True, text=True, check=True
        ).stdout
        for hashes in ("1", "2")
    }
    assert len(told) == 1

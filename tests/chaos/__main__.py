"""`python -m tests.chaos`: the whole run, and its report."""

import argparse
import asyncio
import random
from pathlib import Path

import uvloop

from tests.chaos.faults import FAULTS, a_plan
from tests.chaos.run import Cast, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--only", default="", help="only faults with this in their names")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, default=Path("build/chaos"))
    given = parser.parse_args()
    plan = a_plan(given.faults, random.Random(given.seed))
    if given.only:
        chosen = [fault for fault in FAULTS if given.only in fault.name]
        plan = [chosen[n % len(chosen)] for n in range(given.faults)]
    cast = Cast(given.workers, given.rooms, given.people)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(cast, plan, given.seed, given.to))


if __name__ == "__main__":
    main()

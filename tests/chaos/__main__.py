"""`python -m tests.chaos`: the whole run, and its report in `build/chaos.md` and `build/chaos.json`.

Ends with 1 if anything was lost, doubled, misordered or wrong, or if a worker told of an error of its own.
"""

import argparse
import asyncio
import random
import sys
from pathlib import Path

import uvloop

from tests.chaos.checker import check
from tests.chaos.faults import FAULTS, FROZEN, KILLED, a_plan
from tests.chaos.report import Renewal, Report, renewal, report, write
from tests.chaos.run import Cast, renew, run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=200, help="how many; 0 for none")
    parser.add_argument("--only", default="", help="only faults with this in their names")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rooms", type=int, default=20)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--renewed", type=int, default=1000, help="people of the renewal; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--to", type=Path, default=Path("build/chaos.md"))
    given = parser.parse_args()
    plan = a_plan(given.faults, random.Random(given.seed))
    if given.only:
        chosen = [fault for fault in FAULTS if given.only in fault.name]
        plan = [chosen[n % len(chosen)] for n in range(given.faults)]
    reports = list[Report | Renewal]()
    folder = given.to.with_suffix("")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if plan:
            runner.run(run(Cast(given.workers, given.rooms, given.people), plan, given.seed, folder / "faults"))
            reports.append(report(folder / "faults", check(folder / "faults"), KILLED, FROZEN))
        if given.renewed:
            cast = Cast(given.workers, max(1, given.renewed // 20), given.renewed)
            runner.run(renew(cast, folder / "renewal"))
            reports.append(renewal(folder / "renewal", check(folder / "renewal")))
    write(given.to, *reports)
    print(given.to.read_text(encoding="utf-8"))
    sys.exit(any(it.findings.violations or (isinstance(it, Report) and it.bugs) for it in reports))


if __name__ == "__main__":
    main()

"""The chaos run, in short: every kind of fault once, and not one thing lost, doubled, out of order or wrong.

How long it takes is no matter here: `make chaos` measures it, with many more.
"""

import random
from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.faults import FAULTS
from tests.chaos.report import renewal, report, write
from tests.chaos.run import Cast, renew, run

SEED = 1
SLOW = "hangs until it is replaced"  # ten seconds


@pytest.mark.timeout(900)
async def test_nothing_is_lost_whatever_fails(tmp_path: Path) -> None:
    plan = [fault for fault in FAULTS if SLOW not in fault.name]
    random.Random(SEED).shuffle(plan)
    await run(Cast(workers=2, rooms=3, people=24), plan, SEED, tmp_path / "notes", haste=4)
    findings = check(tmp_path / "notes")
    assert findings.violations == []
    assert findings.count.people == 24
    told = report(tmp_path / "notes", findings, "", "")
    assert told.faults == len(plan)
    assert not any(kind.never for kind in told.kinds)
    write(tmp_path / "chaos.md", told)
    assert "| all |" in (tmp_path / "chaos.md").read_text(encoding="utf-8")


@pytest.mark.timeout(900)
async def test_a_renewal_of_the_workers_moves_each_once_and_nobody_is_away(tmp_path: Path) -> None:
    await renew(Cast(workers=2, rooms=4, people=60), tmp_path / "notes")
    findings = check(tmp_path / "notes")
    assert findings.violations == []
    assert findings.count.away == 0
    assert renewal(tmp_path / "notes", findings).moves == 60

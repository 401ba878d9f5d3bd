"""The chaos run, in short. How long things take is no matter here: `make chaos` measures it, with many more."""

from pathlib import Path

import pytest

from tests.chaos.checker import check
from tests.chaos.report import renewal
from tests.chaos.run import Cast, renew


@pytest.mark.timeout(600)
async def test_a_renewal_of_the_workers_moves_each_once_and_nobody_is_away(tmp_path: Path) -> None:
    await renew(Cast(workers=2, rooms=4, people=60), tmp_path / "notes")
    findings = check(tmp_path / "notes")
    assert findings.violations == []
    assert findings.count.away == 0
    assert renewal(tmp_path / "notes", findings).moves == 60

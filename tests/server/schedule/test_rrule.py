"""The part of RRULE that meetings use, against python-dateutil."""

import datetime as datetime_module
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile
from types import SimpleNamespace

import dateutil.rrule
import pytest
from dateutil.rrule import rrulestr
from hypothesis import given
from hypothesis import strategies as st

from server.schedule.rrule import WEEKDAYS, pattern, walls

local = datetime.fromisoformat

BEGIN = local("2026-01-06T19:00")


def days(rule: str, count: int = 4, dtstart: datetime = BEGIN) -> list[str]:
    return [f"{wall:%Y-%m-%d}" for wall in islice(walls(pattern(rule), dtstart, dtstart), count)]


def test_every_other_week() -> None:
    assert days("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", 3) == ["2026-01-06", "2026-01-20", "2026-02-03"]


def test_the_first_tuesday_of_the_month() -> None:
    assert days("FREQ=MONTHLY;BYDAY=1TU") == ["2026-01-06", "2026-02-03", "2026-03-03", "2026-04-07"]


def test_the_last_sunday_of_the_month() -> None:
    assert days("FREQ=MONTHLY;BYDAY=-1SU", 2) == ["2026-01-25", "2026-02-22"]


def test_the_last_working_day_of_the_month() -> None:
    assert days("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 2) == ["2026-01-30", "2026-02-27"]


def test_a_month_without_the_day_is_left_out() -> None:
    assert days("FREQ=MONTHLY", 3, local("2026-01-31T19:00")) == ["2026-01-31", "2026-03-31", "2026-05-31"]


def test_a_count_counts_from_the_first() -> None:
    assert days("FREQ=DAILY;COUNT=3", 9) == ["2026-01-06", "2026-01-07", "2026-01-08"]
    later = list(walls(pattern("FREQ=DAILY;COUNT=3"), BEGIN, BEGIN + timedelta(days=2)))
    assert later == [BEGIN + timedelta(days=2)]


def test_a_rule_may_be_in_small_letters_and_with_its_name() -> None:
    assert pattern("rrule:freq=weekly;byday=mo") == pattern("FREQ=WEEKLY;BYDAY=MO")


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "FREQ",
        "FREQ=",
        "FREQ=YEARLY",
        "FREQ=SECONDLY",
        "INTERVAL=2",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=WEEKLY;INTERVAL=99999",
        "FREQ=WEEKLY;INTERVAL=٣",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYSETPOS=1",
        "FREQ=DAILY;BYMONTHDAY=1",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;COUNT=1000000",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;UNTIL=20270231",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY\nDTSTART:20260101T000000",
    ],
)
def test_what_is_not_understood_is_refused_with_a_sentence(rule: str) -> None:
    with pytest.raises(ValueError, match=r"^[A-Z].{10,}$"):
        pattern(rule)


@st.composite
def rules(draw: st.DrawFn) -> str:
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 20))}"]
    weekdays = draw(st.sets(st.sampled_from(WEEKDAYS), max_size=4))
    # All of them every week or each an nth one: dateutil finds nothing where both are mixed.
    nths = (
        st.sampled_from([1, 2, 3, 4, 5, -1, -2, -5]) if frequency == "MONTHLY" and draw(st.booleans()) else st.just("")
    )
    listed = [f"{draw(nths)}{day}" for day in sorted(weekdays)]
    if listed:
        parts.append("BYDAY=" + ",".join(listed))
    if frequency == "MONTHLY":
        month_days = draw(st.sets(st.integers(-31, 31).filter(bool), max_size=3))
        if month_days:
            parts.append("BYMONTHDAY=" + ",".join(map(str, month_days)))
        if (month_days or listed) and draw(st.booleans()):
            parts.append(f"BYSETPOS={draw(st.sampled_from([1, 2, 3, -1, -2]))}")
    if frequency == "WEEKLY":
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts)


@pytest.fixture(autouse=True, scope="module")
def _dateutil_gives_up_early() -> Iterator[None]:
    """It looks until the year 9999 for what never comes, for a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dateutil.rrule, "datetime", SimpleNamespace(**vars(datetime_module) | {"MAXYEAR": 2035}))
        yield


@given(
    rules(),
    st.datetimes(local("2025-01-01"), local("2026-06-01")).map(lambda it: it.replace(microsecond=0)),
    st.integers(0, 800),
    st.none() | st.integers(1, 30),
    st.none() | st.datetimes(local("2025-06-01"), local("2028-01-01")).map(lambda it: it.replace(microsecond=0)),
)
def test_the_dates_are_those_of_dateutil(
    rule: str, dtstart: datetime, later: int, count: int | None, until: datetime | None
) -> None:
    first, last = dtstart + timedelta(days=later), dtstart + timedelta(days=later + 400)
    if count is not None:
        rule += f";COUNT={count}"
    elif until is not None:
        rule += f";UNTIL={until:%Y%m%dT%H%M%S}"
    assert list(takewhile(lambda wall: wall <= last, walls(pattern(rule), dtstart, first))) == [
        wall for wall in takewhile(lambda wall: wall <= last, rrulestr(rule, dtstart=dtstart)) if wall >= first
    ]

"""Calendars and starts as others work them out: over two years, in every zone of the tz database."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import cycle, islice, takewhile
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar

from server.schedule.addresses import Site as Addresses
from server.schedule.calendars import calendar
from server.schedule.keys import new_keys
from server.schedule.meetings import Meeting, Stored
from server.schedule.recurrence import Change, Once, Recurrence, Rule, Weekly, planned, starts
from tests.server.site import at

ZONES = sorted(available_timezones() - {"Factory", "localtime"})
FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)
SECRETS = new_keys().kept(None)
local = datetime.fromisoformat


def nth_of_month(day: date) -> int:
    return (day.day - 1) // 7 + 1


def is_last_of_month(day: date) -> bool:
    return (day + timedelta(days=7)).month != day.month


# Each rule, and the same said another way: whether a day is one of its dates.
RULES: list[tuple[Recurrence, Any]] = [
    (Weekly((0, 3), time(2, 30)), lambda day: day.isoweekday() in {7, 3}),
    (Rule("FREQ=DAILY", local("2025-12-01T01:30")), lambda day: True),
    (Rule("FREQ=DAILY", local("2025-12-01T00:00")), lambda day: True),
    (
        Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", local("2025-11-02T02:00")),
        lambda day: day.isoweekday() == 7 and (day - date(2025, 11, 2)).days % 14 == 0,
    ),
    (
        Rule("FREQ=MONTHLY;BYDAY=2SU,-1SU", local("2025-11-02T02:15")),
        lambda day: day.isoweekday() == 7 and (nth_of_month(day) == 2 or is_last_of_month(day)),
    ),
    (
        Rule("FREQ=MONTHLY;BYDAY=5SA;INTERVAL=1", local("2025-11-01T23:59")),
        lambda day: day.isoweekday() == 6 and nth_of_month(day) == 5,
    ),
]


def by_utc(zone: ZoneInfo, at_time: time, is_date: Any) -> Iterator[int]:
    """The starts from what the clocks of a zone show: the first moment that shows the time.

    Nothing is converted from wall time here, so that nothing is shared with what is tested.
    """
    day = FIRST
    while day <= LAST:
        if is_date(day):
            wall = datetime.combine(day, at_time)
            offsets = [_offset(zone, wall + timedelta(hours=hours)) for hours in (-26, 26)]
            shown = [wall - offset for offset in offsets if _offset(zone, wall - offset) == offset]
            # Where no clock shows it, it is as late as if they had not been changed yet.
            found = min(shown) if shown else wall - offsets[0]
            yield round(found.replace(tzinfo=UTC).timestamp() * 1000)
        day += timedelta(days=1)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    """What the clocks are ahead of UTC at a moment of UTC."""
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def time_of(rule: Recurrence) -> time:
    return rule.time if isinstance(rule, Weekly) else rule.dtstart.time() if isinstance(rule, Rule) else time()


@pytest.mark.parametrize("number", range(len(RULES)))
def test_the_starts_of_two_years_in_every_zone(number: int) -> None:
    rule, is_date = RULES[number]
    for name in ZONES:
        zone = ZoneInfo(name)
        expected = list(by_utc(zone, time_of(rule), is_date))
        assert list(islice(starts(rule, name, expected[0] - 1), len(expected))) == expected, name


MOVED = Change(date=date(2026, 11, 11), moved_to=local("2026-11-13T20:15"))
CANCELLED = Change(date=date(2026, 12, 9), cancelled=True)
NOTED = Change(date=date(2026, 12, 16), note="With a speaker")
CHANGES = (MOVED, CANCELLED, NOTED)
WHEN: list[tuple[Recurrence, tuple[Change, ...]]] = [
    (Weekly((0, 3), time(2, 30)), CHANGES),
    (Weekly((3,), time(19)), CHANGES),
    (Rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", local("2026-10-28T01:30")), CHANGES),
    (Rule("FREQ=MONTHLY;BYDAY=2WE,-1SU", local("2026-01-14T19:00")), CHANGES[:2]),
    (Rule("FREQ=WEEKLY;BYDAY=WE;UNTIL=20270601", local("2026-10-28T19:00")), ()),
    (Once(local("2026-12-24T18:00")), ()),
]


def rules_of(name: str) -> tuple[timedelta, ...]:
    """What the zone's clocks are ahead of UTC through the two years; where that is the same, all is."""
    zone, first = ZoneInfo(name), local("2026-11-01")
    return tuple(_offset(zone, first + timedelta(hours=6 * n)) for n in range(4 * 740))


# One zone of each set of rules: each rule of a meeting where clocks change, and one where they do not.
DISTINCT = {rules_of(name): name for name in ZONES}
CHANGING = [(zone, *when) for rules, zone in DISTINCT.items() if len(set(rules)) > 1 for when in WHEN]
CASES = CHANGING + [(zone, *when) for zone, when in zip(DISTINCT.values(), cycle(WHEN), strict=False)]


def test_calendars_give_the_same_moments_over_two_years() -> None:
    begin, until = at("2026-11-02T12:00"), at("2028-11-02T12:00")
    for zone, rule, changes in CASES:
        stored = Stored(
            "circle",
            Meeting(name="Circle", timezone=zone, minutes=60, recurrence=rule, changes=changes),
            SECRETS,
            begin,
        )
        read = Calendar.from_ical(calendar([stored], "Circle", Addresses("https://rooms.example.org")))
        found = recurring_ical_events.of(read).between(
            *(datetime.fromtimestamp(it / 1000, UTC) for it in (begin, until))
        )
        shown = sorted(round(event["dtstart"].dt.timestamp() * 1000) for event in found)
        held = [
            it.at
            for it in takewhile(lambda it: it.at < until, planned(rule, zone, changes, begin - 1))
            if it.change is None or not it.change.cancelled
        ]
        assert shown == held, (zone, rule)
        assert held

"""When a meeting takes place: wall time in its zone, across both kinds of daylight-saving night."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given
from hypothesis import strategies as st

from server.schedule.recurrence import Now, Once, Recurrence, Rule, Weekly, starts
from tests.server.site import at

NEW_YORK = "America/New_York"
ZONES = sorted(available_timezones() - {"Factory", "localtime"})


def walls(recurrence: Recurrence, zone: str, first: str, last: str) -> list[str]:
    """The starts in this time as UTC, up to the minute."""
    found = takewhile(lambda start: start <= at(last), starts(recurrence, zone, at(first) - 1))
    return [datetime.fromtimestamp(start / 1000, UTC).strftime("%Y-%m-%dT%H:%M") for start in found]


def test_a_weekly_meeting_keeps_its_wall_time_when_the_clocks_change() -> None:
    tuesdays = Weekly((2,), time(19))
    assert walls(tuesdays, "Europe/Berlin", "2026-10-18T00:00", "2026-11-04T00:00") == [
        "2026-10-20T17:00",
        "2026-10-27T18:00",
        "2026-11-03T18:00",
    ]


def test_a_time_that_does_not_exist_is_moved_forward_and_that_night_only() -> None:
    sundays = Weekly((0,), time(2, 30))
    assert walls(sundays, NEW_YORK, "2026-02-28T00:00", "2026-03-20T00:00") == [
        "2026-03-01T07:30",  # 02:30 EST
        "2026-03-08T07:30",  # 03:30 EDT
        "2026-03-15T06:30",  # 02:30 EDT
    ]


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    sundays = Weekly((0,), time(1, 30))
    assert walls(sundays, NEW_YORK, "2026-10-31T00:00", "2026-11-09T00:00") == [
        "2026-11-01T05:30",  # 01:30 EDT; 01:30 EST comes an hour later
        "2026-11-08T06:30",
    ]


def test_a_meeting_may_be_on_several_days() -> None:
    assert walls(Weekly((0, 3), time(12)), "UTC", "2026-11-01T00:00", "2026-11-09T00:00") == [
        "2026-11-01T12:00",
        "2026-11-04T12:00",
        "2026-11-08T12:00",
    ]


def test_once_is_once() -> None:
    once = Once(datetime.fromisoformat("2026-12-24T18:00"))
    assert walls(once, "Europe/Berlin", "2026-01-01T00:00", "2030-01-01T00:00") == ["2026-12-24T17:00"]
    assert walls(once, "Europe/Berlin", "2026-12-24T17:01", "2030-01-01T00:00") == []


def test_now_is_when_it_was_made() -> None:
    assert walls(Now(at("2026-11-02T12:00")), "UTC", "2026-11-02T12:00", "2030-01-01T00:00") == ["2026-11-02T12:00"]
    assert walls(Now(at("2026-11-02T12:00")), "UTC", "2026-11-02T12:01", "2030-01-01T00:00") == []


def test_a_rule_ends_with_its_until_be_it_local_or_in_utc() -> None:
    daily, begin = "FREQ=DAILY;UNTIL=", datetime.fromisoformat("2026-11-01T22:00")
    for until, last in (
        ("20261102", "2026-11-03T03:00"),
        ("20261102T215959", "2026-11-02T03:00"),
        ("20261102T220000", "2026-11-03T03:00"),
        ("20261103T025959Z", "2026-11-02T03:00"),
        ("20261103T030000Z", "2026-11-03T03:00"),
    ):
        found = walls(Rule(daily + until, begin), NEW_YORK, "2026-01-01T00:00", "2027-01-01T00:00")
        assert found[-1] == last, until


@st.composite
def weekly(draw: st.DrawFn) -> Weekly:
    days = draw(st.sets(st.integers(0, 6), min_size=1))
    return Weekly(tuple(sorted(days)), time(draw(st.integers(0, 23)), draw(st.integers(0, 59))))


@cache
def nights(zone: str) -> list[date]:
    """The days of two years, by UTC, in which a place changes its clocks."""
    days = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=n) for n in range(730)]
    offsets = [day.astimezone(ZoneInfo(zone)).utcoffset() for day in days]
    return [day.date() for day, offset, after in zip(days, offsets, offsets[1:], strict=False) if offset != after]


@st.composite
def places_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """A place and a day; where its clocks change, mostly one in which they do."""
    zone = draw(st.sampled_from(ZONES))
    days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
    return zone, draw(st.sampled_from(nights(zone)) if nights(zone) else days)


@given(weekly(), places_and_days())
@example(Weekly((0,), time(2, 30)), (NEW_YORK, date(2026, 3, 8)))
@example(Weekly((0,), time(0, 15)), ("America/Havana", date(2027, 3, 14)))
@example(Weekly((0,), time(2, 15)), ("Australia/Lord_Howe", date(2026, 10, 3)))
def test_the_clocks_of_the_place_show_the_meetings_time(rule: Weekly, there: tuple[str, date]) -> None:
    """Computed the other way round: from the minutes of UTC to what the clocks show, and not from what they show."""
    zone, day = there
    midnight = datetime.combine(day, time(), UTC)
    first, last = (round(moment.timestamp() * 1000) for moment in (midnight, midnight + timedelta(days=1)))
    found = takewhile(lambda start: start < last, starts(rule, zone, first - 1))
    assert list(found) == sorted(start for start in by_the_clocks(rule, zone, midnight) if first <= start < last)


def by_the_clocks(rule: Weekly, zone: str, midnight: datetime) -> Iterator[int]:
    place, begin = ZoneInfo(zone), midnight - timedelta(hours=4)
    before = latest = _shown(begin, place)
    for minute in range(1, 28 * 60):
        moment = begin + timedelta(minutes=minute)
        shown = _shown(moment, place)
        if shown > latest:  # what the clocks show a second time is not meant
            # One minute, or more where they jump forward: what they left out is made up for by as much later.
            for passed in range(1, round((shown - before).total_seconds() / 60) + 1):
                wall = before + timedelta(minutes=passed)
                if wall > latest and wall.time() == rule.time and wall.isoweekday() % 7 in rule.days:
                    late = timedelta(minutes=0 if wall == shown else passed - 1)
                    yield round((moment + late).timestamp() * 1000)
        before, latest = shown, max(latest, shown)


def _shown(moment: datetime, place: ZoneInfo) -> datetime:
    return moment.astimezone(place).replace(tzinfo=None)

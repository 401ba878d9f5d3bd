"""When a meeting takes place: wall time in its zone, always from the rule, never from the last occurrence.

A wall time that a daylight-saving night leaves out is moved forward with the clocks (02:30 becomes 03:30); of one that
comes twice the first is meant.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from dateutil.rrule import rrulestr
from msgspec import Struct

DAY = timedelta(days=1)
OLD_NAMES = {"UTC": "UTC", "GMT": "UTC", "ETC/UTC": "UTC", "Z": "UTC"}


class Weekly(Struct, frozen=True, tag="weekly"):
    """On these days of the week, 0 being Sunday, at this time of day."""

    days: tuple[int, ...]
    time: time


class Rule(Struct, frozen=True, tag="rule"):
    """An RFC 5545 RRULE from a first local date and time on."""

    rrule: str
    dtstart: datetime


class Once(Struct, frozen=True, tag="once"):
    """At one local date and time."""

    at: datetime


class Now(Struct, frozen=True, tag="now"):
    """From when it was made, in milliseconds; it waits for its start."""

    made_at: int


Recurrence = Weekly | Rule | Once | Now


def starts(recurrence: Recurrence, zone: str, after: int, until: int) -> Iterator[int]:
    """The starts after `after` and up to `until`, in order; milliseconds since the epoch."""
    if isinstance(recurrence, Now):
        if after < recurrence.made_at <= until:
            yield recurrence.made_at
        return
    tz = ZoneInfo(zone)
    first, last = (datetime.fromtimestamp(ms / 1000, tz).replace(tzinfo=None) for ms in (after, until))
    # A day more at both ends: a start that was moved out of a gap belongs to the wall time before it.
    for wall in _walls(recurrence, first - DAY, last + DAY):
        start = instant(wall, tz)
        if after < start <= until:
            yield start


def _walls(recurrence: Weekly | Rule | Once, first: datetime, last: datetime) -> Iterator[datetime]:
    match recurrence:
        case Once():
            yield recurrence.at
        case Weekly():
            day = first.date()
            while day <= last.date():
                if day.isoweekday() % 7 in recurrence.days:
                    yield datetime.combine(day, recurrence.time)
                day += DAY
        case Rule():
            for wall in rrulestr(recurrence.rrule, dtstart=recurrence.dtstart).xafter(first, inc=True):
                if wall > last:
                    break
                yield wall


def instant(wall: datetime, zone: ZoneInfo) -> int:
    """The moment of a wall time, in milliseconds since the epoch."""
    return round(wall.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp() * 1000)


@cache
def _zones() -> dict[str, str]:
    """Every known zone's name in its right spelling by its name in lower case, old names included."""
    names = {name.lower(): name for name in available_timezones()}
    for line in (resources.files("tzdata") / "zoneinfo" / "tzdata.zi").read_text().splitlines():
        if line.startswith("L "):
            _, target, old = line.split()
            if old not in _current():
                names[old.lower()] = target
    return names | {old.lower(): new for old, new in OLD_NAMES.items()}


@cache
def _current() -> frozenset[str]:
    """The names that stand for a place of their own today."""
    table = (resources.files("tzdata") / "zoneinfo" / "zone.tab").read_text().splitlines()
    return frozenset(line.split("\t")[2] for line in table if line and not line.startswith("#"))


def zone_name(text: str) -> str | None:
    """The zone's name as the tz database has it today; None for what is no zone."""
    name = _zones().get(text.strip().lower())
    if name is not None:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            return None
    return name

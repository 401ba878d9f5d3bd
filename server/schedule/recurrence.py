"""When a meeting takes place: wall time in its zone, always from the rule, never from the last occurrence.

A wall time that a daylight-saving night leaves out is moved forward with the clocks (02:30 becomes 03:30); of one that
comes twice the first is meant.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from server.schedule.rrule import HORIZON, pattern, walls

DAY = timedelta(days=1)


class Weekly(Struct, frozen=True, tag="weekly"):
    """On these days of the week, 0 being Sunday, at this time of day."""

    days: tuple[int, ...]
    time: time


class Rule(Struct, frozen=True, tag="rule"):
    """An RFC 5545 RRULE (`server.schedule.rrule`) from a first local date and time on."""

    rrule: str
    dtstart: datetime


class Once(Struct, frozen=True, tag="once"):
    """At one local date and time."""

    at: datetime


class Now(Struct, frozen=True, tag="now"):
    """From when it was made, in milliseconds; it waits for its start."""

    made_at: int


Recurrence = Weekly | Rule | Once | Now


def starts(recurrence: Recurrence, zone: str, after: int) -> Iterator[int]:
    """The starts after `after`, in order; milliseconds since the epoch. There may be thousands: take what you need."""
    if isinstance(recurrence, Now):
        if recurrence.made_at > after:
            yield recurrence.made_at
        return
    tz = ZoneInfo(zone)
    until = pattern(recurrence.rrule).until if isinstance(recurrence, Rule) else None
    last = None if until is None or until.tzinfo is None else round(until.timestamp() * 1000)
    # A day earlier: a start that was moved out of a gap belongs to the wall time before it.
    for wall in wall_times(recurrence, datetime.fromtimestamp(after / 1000, tz).replace(tzinfo=None) - DAY):
        start = instant(wall, tz)
        if last is not None and start > last:
            return
        if start > after:
            yield start


def wall_times(recurrence: Weekly | Rule | Once, first: datetime) -> Iterator[datetime]:
    """The local dates and times of the rule in order, from the day of `first` on at the latest."""
    match recurrence:
        case Once():
            yield recurrence.at
        case Weekly():
            day = first.date()
            while day < HORIZON:
                if day.isoweekday() % 7 in recurrence.days:
                    yield datetime.combine(day, recurrence.time)
                day += DAY
        case Rule():
            yield from walls(pattern(recurrence.rrule), recurrence.dtstart, first)


def instant(wall: datetime, zone: ZoneInfo) -> int:
    """The moment of a wall time, in milliseconds since the epoch."""
    return round(wall.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp() * 1000)

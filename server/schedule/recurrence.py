"""When a meeting takes place: wall time in its zone, always from the rule, never from the last occurrence.

A wall time that a daylight-saving night leaves out is moved forward with the clocks (02:30 becomes 03:30); of one that
comes twice the first is meant.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from server.schedule.rrule import HORIZON, pattern, walls

DAY: Final = timedelta(days=1)
FRESH_AT: Final = time(4)  # when fewest people are awake


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


class Always(Struct, frozen=True, tag="always"):
    """Around the clock. Once a day, at this time, a fresh room follows the last one: nothing is kept for long."""

    fresh_at: time = FRESH_AT


Recurrence = Weekly | Rule | Once | Now | Always


class Change(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is different about one date of a rule: its day in the meeting's zone, as the rule has it."""

    date: date
    cancelled: bool = False
    moved_to: datetime | None = None  # local
    note: str = ""


class Start(Struct, frozen=True):
    """One start: the moment in milliseconds since the epoch, and the wall time that it was meant to be."""

    at: int
    wall: datetime
    change: Change | None = None


def starts(recurrence: Recurrence, zone: str, after: int) -> Iterator[int]:
    """The starts after `after`, in order; milliseconds since the epoch. There may be thousands: take what you need."""
    return (start.at for start in by_rule(recurrence, zone, after))


def planned(recurrence: Recurrence, zone: str, changes: Iterable[Change], after: int) -> Iterator[Start]:
    """What the rule and its changes give after `after`, in order; the cancelled among them."""
    changed = {change.date: change for change in changes}
    if not changed:
        return by_rule(recurrence, zone, after)
    tz = ZoneInfo(zone)
    moved = sorted(
        (Start(instant(it.moved_to, tz), it.moved_to, it) for it in changed.values() if it.moved_to is not None),
        key=_moment,
    )
    regular = (
        Start(start.at, start.wall, change)
        for start in by_rule(recurrence, zone, after)
        if (change := changed.get(start.wall.date())) is None or change.moved_to is None
    )
    return merge(regular, (start for start in moved if start.at > after), key=_moment)


def _moment(start: Start) -> int:
    return start.at


def by_rule(recurrence: Recurrence, zone: str, after: int) -> Iterator[Start]:
    """What the rule alone gives after `after`, in order."""
    tz = ZoneInfo(zone)
    if isinstance(recurrence, Now):
        if recurrence.made_at > after:
            yield Start(recurrence.made_at, datetime.fromtimestamp(recurrence.made_at / 1000, tz).replace(tzinfo=None))
        return
    until = pattern(recurrence.rrule).until if isinstance(recurrence, Rule) else None
    last = None if until is None or until.tzinfo is None else round(until.timestamp() * 1000)
    # A day earlier: a start that was moved out of a gap belongs to the wall time before it.
    for wall in wall_times(recurrence, datetime.fromtimestamp(after / 1000, tz).replace(tzinfo=None) - DAY):
        start = instant(wall, tz)
        if last is not None and start > last:
            return
        if start > after:
            yield Start(start, wall)


def has_date(recurrence: Recurrence, day: date) -> bool:
    """Whether the rule has a date on that day of the meeting's own zone."""
    if isinstance(recurrence, Now):
        return False
    first = next(wall_times(recurrence, datetime.combine(day, time())), None)
    return first is not None and first.date() == day


def wall_times(recurrence: Weekly | Rule | Once | Always, first: datetime) -> Iterator[datetime]:
    """The local dates and times of the rule in order, from the day of `first` on at the latest."""
    match recurrence:
        case Once():
            yield recurrence.at
        case Weekly(time=at) | Always(fresh_at=at):
            days = recurrence.days if isinstance(recurrence, Weekly) else range(7)
            day = first.date()
            while day < HORIZON:
                if day.isoweekday() % 7 in days:
                    yield datetime.combine(day, at)
                day += DAY
        case Rule():
            yield from walls(pattern(recurrence.rrule), recurrence.dtstart, first)


def instant(wall: datetime, zone: ZoneInfo) -> int:
    """The moment of a wall time, in milliseconds since the epoch."""
    return round(wall.replace(tzinfo=zone, fold=0).astimezone(UTC).timestamp() * 1000)


def clock_note(wall: datetime, zone: ZoneInfo) -> str:
    """What there is to say of a wall time in a night in which the clocks change, as a sentence; mostly nothing."""
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return ""
    shown = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if shown != wall:
        return f"{wall:%H:%M} does not exist that night; the meeting is at {shown:%H:%M}."
    return f"{wall:%H:%M} comes twice that night; the meeting is at the first."

"""The part of RFC 5545's RRULE that meetings use: every n days or weeks, certain days of the week or of the month.

Pure, and never slow: what is asked for is computed from its own period on, however long ago the rule began, so that
no rule that somebody posts can keep the server busy.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from typing import Final

from msgspec import Struct

FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY")
WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS: Final = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "UNTIL", "COUNT", "WKST")
MOST_INTERVAL: Final = 366
MOST_COUNT: Final = 1000
HORIZON: Final = date(2200, 1, 1)  # nothing is planned for later
DAY: Final = timedelta(days=1)


class Pattern(Struct, frozen=True):
    """A rule taken apart. Days of the week count from Monday, 0."""

    frequency: str
    interval: int = 1
    weekdays: tuple[tuple[int, int], ...] = ()  # (nth in the month, negative from its end, 0 for every; weekday)
    month_days: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    until: datetime | None = None  # aware if it is in UTC, else local
    count: int | None = None
    week_start: int = 0


@lru_cache(maxsize=4096)
def pattern(text: str) -> Pattern:
    """Take a rule apart. Raises `ValueError` with a sentence for whoever wrote it."""
    parts: dict[str, str] = {}
    for part in text.upper().removeprefix("RRULE:").split(";"):
        name, _, value = part.partition("=")
        if name not in PARTS or name in parts or not value:
            raise ValueError(f"Expected parts {', '.join(PARTS)}, each once, like FREQ=MONTHLY;BYDAY=1TU")
        parts[name] = value
    frequency = parts.get("FREQ", "")
    if frequency not in FREQUENCIES:
        raise ValueError(f"Expected FREQ to be one of {', '.join(FREQUENCIES)}")
    if frequency != "MONTHLY" and {"BYMONTHDAY", "BYSETPOS"} & parts.keys():
        raise ValueError("BYMONTHDAY and BYSETPOS go with FREQ=MONTHLY")
    if "BYSETPOS" in parts and not {"BYDAY", "BYMONTHDAY"} & parts.keys():
        raise ValueError("BYSETPOS goes with BYDAY or BYMONTHDAY")
    if "UNTIL" in parts and "COUNT" in parts:
        raise ValueError("Give either UNTIL or COUNT, not both")
    weekdays = tuple(_weekday(day) for day in parts["BYDAY"].split(",")) if "BYDAY" in parts else ()
    if frequency != "MONTHLY" and any(nth for nth, _ in weekdays):
        raise ValueError("The nth weekday goes with FREQ=MONTHLY")
    if (week_start := parts.get("WKST", "MO")) not in WEEKDAYS:
        raise ValueError("Expected WKST to be a day like MO")
    return Pattern(
        frequency,
        _number(parts.get("INTERVAL", "1"), "INTERVAL", 1, MOST_INTERVAL),
        weekdays,
        tuple(_number(day, "BYMONTHDAY", -31, 31) for day in parts.get("BYMONTHDAY", "").split(",") if day),
        tuple(_number(nth, "BYSETPOS", -31, 31) for nth in parts.get("BYSETPOS", "").split(",") if nth),
        _until(parts["UNTIL"]) if "UNTIL" in parts else None,
        _number(parts["COUNT"], "COUNT", 1, MOST_COUNT) if "COUNT" in parts else None,
        WEEKDAYS.index(week_start),
    )


def _number(text: str, name: str, least: int, most: int) -> int:
    if re.fullmatch(r"[+-]?\d{1,4}", text, re.ASCII) and least <= int(text) <= most and int(text) != 0:
        return int(text)
    raise ValueError(f"Expected {name} to be a number from {least} to {most}")


def _weekday(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", text, re.ASCII)
    if match is None:
        raise ValueError("Expected BYDAY to be days like TU, 1TU or -1TU")
    return int(match[1] or 0), WEEKDAYS.index(match[2])


def _until(text: str) -> datetime:
    if re.fullmatch(r"\d{8}(T\d{6}Z?)?", text, re.ASCII):
        try:
            until = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            return until if "T" in text else datetime.combine(until.date(), time.max)
    raise ValueError("Expected UNTIL to be a date like 20271231")


def walls(rule: Pattern, dtstart: datetime, first: datetime) -> Iterator[datetime]:
    """The rule's local dates and times from `first` on, in order; those after a local `UNTIL` left out.

    Whether a `UNTIL` in UTC has come is for the caller to see, who knows the zone.
    """
    begins = max(first, dtstart)
    found = (
        wall
        for day in _days(rule, dtstart.date(), None if rule.count else begins.date())
        if (wall := datetime.combine(day, dtstart.time())) >= dtstart
    )
    for wall in islice(found, rule.count):
        if rule.until is not None and rule.until.tzinfo is None and wall > rule.until:
            return
        if wall >= begins:
            yield wall


def _days(rule: Pattern, start: date, from_day: date | None) -> Iterator[date]:
    """The days of the periods from the one of `from_day` on (None: of `start`); some may lie before it."""
    from_day, n = from_day or start, rule.interval
    if rule.frequency == "MONTHLY":
        first = start.year * 12 + start.month - 1
        skipped = (from_day.year * 12 + from_day.month - 1 - first) // n
        for month in range(first + skipped * n, HORIZON.year * 12, n):
            yield from _of_month(rule, month // 12, month % 12 + 1, start.day)
        return
    weekdays = {weekday for _, weekday in rule.weekdays}
    if rule.frequency == "WEEKLY":
        week = start - DAY * ((start.weekday() - rule.week_start) % 7)
        offsets = sorted((weekday - rule.week_start) % 7 for weekday in weekdays or {start.weekday()})
        origin, period = week, 7 * n
    else:
        offsets, origin, period = [0], start, n
    skipped = (from_day - origin).days // period
    for elapsed in range(skipped * period, (HORIZON - origin).days, period):
        for offset in offsets:
            day = origin + DAY * (elapsed + offset)
            if rule.frequency == "WEEKLY" or not weekdays or day.weekday() in weekdays:
                yield day


def _of_month(rule: Pattern, year: int, month: int, usual: int) -> list[date]:
    """The rule's days of one month; `usual` is the day it has where the rule names none."""
    length = calendar.monthrange(year, month)[1]
    days = set(range(1, length + 1))
    if rule.month_days:
        days &= {day if day > 0 else length + 1 + day for day in rule.month_days}
    if rule.weekdays:
        days &= {day for nth, weekday in rule.weekdays for day in _nth(year, month, length, nth, weekday)}
    if not rule.month_days and not rule.weekdays:
        days &= {usual}
    listed = sorted(days)
    if rule.positions:
        chosen = {p - 1 if p > 0 else len(listed) + p for p in rule.positions}
        listed = [day for place, day in enumerate(listed) if place in chosen]
    return [date(year, month, day) for day in listed]


def _nth(year: int, month: int, length: int, nth: int, weekday: int) -> list[int]:
    first = (weekday - date(year, month, 1).weekday()) % 7 + 1
    every = list(range(first, length + 1, 7))
    if nth == 0:
        return every
    place = nth - 1 if nth > 0 else len(every) + nth
    return [every[place]] if 0 <= place < len(every) else []

"""The schedule as a page shows it: what is open now, what comes next, and the days of the week. Pure."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct

from rooms.vocabulary import RoomId
from server.schedule.meetings import Occurrence, Stored

DAYS: Final = 7
AT_ONCE: Final = 200  # meetings on one page; a longer week is shown by day, a longer day by page
SOON: Final = 10


class Dated(Struct, frozen=True):
    """An occurrence on a page: the moment, and how the clocks of its own zone say it."""

    stored: Stored
    occurrence: Occurrence
    is_open: bool

    @property
    def local(self) -> datetime:
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, ZoneInfo(self.occurrence.timezone))

    @property
    def city(self) -> str:
        return city_of(self.occurrence.timezone)

    @property
    def utc(self) -> str:
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Day(Struct, frozen=True):
    """One day by the site's clocks, and what starts in it."""

    date: date
    meetings: list[Dated]


class Week(Struct, frozen=True):
    """Seven days from today on. `zone` is where the site's days begin and end; `count` is that of all meetings."""

    zone: str
    count: int
    open_now: list[Dated]
    soon: list[Dated]
    days: list[Day]

    @property
    def city(self) -> str:
        return city_of(self.zone)

    @property
    def busy(self) -> list[Day]:
        """The days on which there is a meeting."""
        return [day for day in self.days if day.meetings]

    @property
    def is_long(self) -> bool:
        return sum(len(day.meetings) for day in self.days) > AT_ONCE


def week(listed: Iterable[Stored], now: int, ended: frozenset[RoomId]) -> Week:
    """The week of these meetings. The site's zone is the one that most of them have."""
    listed = list(listed)
    zone = Counter(it.meeting.timezone for it in listed).most_common(1)[0][0] if listed else "UTC"
    today = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
    days = {today + timedelta(days=n): Day(today + timedelta(days=n), []) for n in range(DAYS)}
    until = _midnight(today + timedelta(days=DAYS), zone)
    coming = [
        Dated(it, occurrence, is_open=occurrence.doors_at <= now)
        for it in listed
        for occurrence in it.coming(now, until - 1, ended)
    ]
    coming.sort(key=lambda dated: dated.occurrence.starts_at)
    for dated in coming:
        start = datetime.fromtimestamp(dated.occurrence.starts_at / 1000, ZoneInfo(zone)).date()
        if start in days:  # else it began yesterday and is still open
            days[start].meetings.append(dated)
    return Week(
        zone,
        len(listed),
        [dated for dated in coming if dated.is_open],
        [dated for dated in coming if not dated.is_open][:SOON],
        list(days.values()),
    )


def _midnight(day: date, zone: str) -> int:
    return round(datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).timestamp() * 1000)


def city_of(zone: str) -> str:
    """How people call a zone: `Los Angeles` for `America/Los_Angeles`."""
    return zone.rpartition("/")[2].replace("_", " ")

"""Finding a meeting: what is open now, what comes next, and the week, narrowed by what a visitor asks for. Pure.

`server.schedule.search` knows what takes place; here is what an address asks for, and what a page shows of it.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import asdict, replace

from rooms.vocabulary import RoomId
from server.pages.dated import Dated
from server.schedule import search
from server.schedule.recurrence import Always
from server.schedule.search import PARTS, WEEK, Index
from server.schedule.zones import zone_name

AT_ONCE: Final = 50  # meetings on one page
WHOLE: Final = 100  # so many a week has at most to be shown whole
SOON: Final = 5  # meetings, each with its next date
OPEN_AT_ONCE: Final = 10
MOST_CHARACTERS: Final = 200
DAYS: Final = frozenset("0123456")


class Asked(Struct, frozen=True):
    """What a visitor asks for: the query of the page's address. An empty text asks for nothing."""

    q: str = ""
    day: str = ""  # 0 to 6, Sunday is 0; or `now`
    time: str = ""  # a part of the day
    spoken: str = ""  # the meeting's language
    type: str = ""
    program: str = ""
    zone: str = ""
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Whether it asks for some meetings only, and not just for a day of all."""
        return bool(self.q or self.day == "now" or self.time or self.spoken or self.type or self.program)

    def address(self, **other: str | int) -> dict[str, str]:
        """The query of the same with something else asked for."""
        values = asdict(replace(self, **({"page": 1} | other)))
        return {name: str(value) for name, value in values.items() if value and value != 1}

    def wanted(self, zone: str) -> search.Wanted:
        """As the index is asked, whatever the day."""
        parts = frozenset(part for part in PARTS if part == self.time)
        return search.Wanted(
            zone, parts=parts, language=self.spoken, type=self.type, program=self.program, words=self.q
        )


def asked(query: Mapping[str, str]) -> Asked:
    """What the address asks for; what it does not know it leaves out."""
    day, part, page = query.get("day", ""), query.get("time", ""), query.get("page", "")
    texts = {name: query.get(name, "").strip()[:MOST_CHARACTERS] for name in ("q", "spoken", "type", "program")}
    return Asked(
        **texts,
        day=day if day in DAYS or day == "now" else "",
        time=part if part in PARTS else "",
        zone=zone_name(query.get("zone", "")[:64]) or "",
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 5 else 1,
    )


class Day(Struct, frozen=True):
    """One day by the page's clocks, and what of it is shown."""

    date: date
    meetings: list[Dated]


class Tab(Struct, frozen=True):
    """A day of the week to choose: its next date that has a meeting, and how many it has."""

    weekday: str
    date: date
    count: int


class Page(Struct, frozen=True):
    """What is shown. `count` is that of the week or of the chosen day, with those later, or of what is open now."""

    count: int
    open_now: list[Dated]
    open_count: int
    soon: list[Dated]
    tabs: list[Tab]  # of a short week none
    chosen: str  # the tab's weekday
    days: list[Day]
    page: int
    pages: int
    later: list[Dated] = []  # the next dates of those that have none in this week


def find(index: Index, ask: Asked, zone: str, now: int, ended: frozenset[RoomId]) -> Page:
    """The page that shows what was asked for, its days by the clocks of `zone`."""
    wanted = ask.wanted(zone)
    is_of_now, until = ask.day == "now", now + WEEK
    found = index.open_now(replace(wanted, parts=frozenset()), now, ended, ask.page * AT_ONCE)
    # Those that begin and end some day before those that are always there.
    open_now = sorted((Dated(it.stored, it.occurrence, is_open=True) for it in found.entries), key=_is_always)
    if is_of_now:
        page, pages, part = _part(ask.page, found.count)
        return Page(found.count, open_now[part], found.count, [], [], "", [], page, pages)

    def coming(wanted: search.Wanted, begin: int, until: int, first: int = 0, most: int = 0) -> search.Found:
        return index.coming(wanted, now, ended, begin=begin, until=until, first=first, most=most)

    count = coming(wanted, now, until).count
    tabs, chosen, page, pages, part = list[Tab](), "", 1, 1, slice(0, WHOLE)
    if ask.day or count > WHOLE:
        tabs = _tabs(lambda begin, end: coming(wanted, begin, end).count, zone, now, until)
        chosen = ask.day or tabs[0].weekday
        wanted = replace(wanted, days=frozenset({int(chosen)}))
        count = coming(wanted, now, until).count
        page, pages, part = _part(ask.page, count)
    listed = coming(wanted, now, until, part.start, part.stop - part.start)
    entries = [Dated(it.stored, it.occurrence, is_open=it.occurrence.doors_at <= now) for it in listed.entries]
    timed = [dated for dated in entries if not _is_always(dated)]  # the others have no time, and are open now
    days = [Day(day, list(of)) for day, of in groupby(timed, key=lambda it: it.at(zone).date())]
    soon = [] if ask.narrows or ask.day else list(_soon(coming(wanted, now, until, 0, 10 * SOON).entries, now))
    # Of a day that nobody chose the week is shown, and no more.
    later = index.later(wanted, now, ended, AT_ONCE) if ask.narrows or ask.day or not tabs else search.Found(0, [])
    last = [Dated(it.stored, it.occurrence) for it in later.entries] if page == pages else []
    count += later.count
    return Page(count, open_now[:OPEN_AT_ONCE], found.count, soon, tabs, chosen, days, page, pages, last)


def _part(asked: int, count: int) -> tuple[int, int, slice]:
    """The page there is, how many there are, and what is on it."""
    pages = max(1, -(-count // AT_ONCE))
    page = min(asked, pages)
    return page, pages, slice((page - 1) * AT_ONCE, page * AT_ONCE)


def _tabs(count: Callable[[int, int], int], zone: str, now: int, until: int) -> list[Tab]:
    """The days of the week that have something, from today on; what is left of today's weekday in a week is today's."""
    tabs = dict[str, Tab]()
    today = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
    for n in range(8):
        day = today + timedelta(days=n)
        begin, end = (_midnight(day + timedelta(days=more), zone) for more in (0, 1))
        if (there := count(max(begin, now), min(end, until))) > 0:
            weekday = str(day.isoweekday() % 7)
            before = tabs.get(weekday)
            tabs[weekday] = Tab(weekday, day, there) if before is None else replace(before, count=before.count + there)
    return list(tabs.values())


def _midnight(day: date, zone: str) -> int:
    return round(datetime.combine(day, time(), ZoneInfo(zone)).timestamp() * 1000)


def _soon(entries: list[search.Entry], now: int) -> Iterator[Dated]:
    """The next date of each of the next meetings; not of those that are open already."""
    seen = set[str]()
    for it in entries:
        dated = Dated(it.stored, it.occurrence)
        if it.occurrence.doors_at > now and not it.occurrence.is_cancelled and not _is_always(dated):
            if it.stored.slug not in seen:
                yield dated
            seen.add(it.stored.slug)
        if len(seen) == SOON:
            return


def _is_always(dated: Dated) -> bool:
    return isinstance(dated.stored.meeting.recurrence, Always)

"""Finding a meeting: what is open now, what comes next, and the week, narrowed by what a visitor asks for. Pure.

What the next days bring is worked out once for all who ask within the hour; each page then only looks it through.
"""

import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import lru_cache
from itertools import groupby
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from msgspec import Struct
from msgspec.structs import asdict, replace

from config.meeting_types import type_names
from rooms.vocabulary import RoomId
from server.pages.dated import Dated
from server.schedule.meetings import DAY, Meeting, Stored
from server.schedule.recurrence import Always
from server.schedule.zones import zone_name

HOUR: Final = 3_600_000  # ms
WEEK: Final = 7 * DAY
AHEAD: Final = WEEK + HOUR  # a week for whoever comes at the hour's end
AT_ONCE: Final = 50  # meetings on one page
WHOLE: Final = 100  # so many a week has at most to be shown whole
SOON: Final = 5  # meetings, each with its next date
OPEN_AT_ONCE: Final = 10
MOST_WORDS: Final = 200  # characters
MOST_TYPES: Final = 40
# By the hour in which a meeting begins, until the next one's.
TIMES: Final = {"night": 21, "morning": 4, "afternoon": 12, "evening": 17}
NAMED: Final = {name: code for code, name in Locale("en").languages.items()}


class Wanted(Struct, frozen=True):
    """What a visitor asks for: the query of the page's address. An empty text asks for nothing."""

    q: str = ""
    day: str = ""  # 0 to 6, Sunday is 0; or `now`
    time: str = ""
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


def wanted(query: Mapping[str, str]) -> Wanted:
    """What the address asks for; what it does not know it leaves out."""
    day, time, page = query.get("day", ""), query.get("time", ""), query.get("page", "")
    texts = {name: query.get(name, "").strip()[:MOST_WORDS] for name in ("q", "spoken", "type", "program")}
    return Wanted(
        **texts,
        day=day if day in {*"0123456", "now"} else "",
        time=time if time in TIMES else "",
        zone=zone_name(query.get("zone", "")[:64]) or "",
        page=int(page) if page.isascii() and page.isdecimal() and 0 < len(page) < 5 else 1,
    )


class Entry(Struct, frozen=True):
    """One occurrence, and what is looked for in it."""

    dated: Dated
    words: str
    spoken: str
    types: frozenset[str]
    program: str


class Day(Struct, frozen=True):
    """One day by the page's clocks, and what of it is shown."""

    date: date
    meetings: list[Dated]


class Tab(Struct, frozen=True):
    """A day of the week to choose: its next date that has a meeting, and how many it has."""

    weekday: str
    date: date
    count: int


class Found(Struct, frozen=True):
    """What a page shows: `count` is that of the whole week, `shown_count` of the day that is `chosen`, if one is."""

    count: int
    open_now: list[Dated]
    open_count: int
    soon: list[Dated]
    tabs: list[Tab]  # of a short week none
    chosen: str
    shown_count: int
    days: list[Day]
    page: int
    pages: int


class Choices(Struct, frozen=True):
    """What there is to choose from: codes, and how often."""

    spoken: list[str]
    types: list[tuple[str, str]]  # code, English name
    programs: list[str]


class Coming:
    """What the listed meetings have in the next days."""

    def __init__(self, listed: list[Stored], now: int) -> None:
        self.of = listed, now // HOUR
        self.count = len(listed)
        zones = Counter(it.meeting.timezone for it in listed)
        self.zone = zones.most_common(1)[0][0] if zones else "UTC"
        self._doors = 0
        entries = list[Entry]()
        types, spoken, programs = Counter[str](), Counter[str](), Counter[str]()
        for stored in listed:
            it = stored.meeting
            self._doors = max(self._doors, it.rules.doors)
            names = type_names(it.types, it.program)
            looked_for = _words(it, names), language_of(it), frozenset(map(code_of, names)), it.program
            spoken[looked_for[1]] += 1
            programs[it.program] += 1
            types.update(name for name in names if name not in NAMED)
            entries += [Entry(Dated(stored, date), *looked_for) for date in stored.dates(now, now + AHEAD)]
        entries.sort(key=lambda entry: entry.dated.occurrence.starts_at)
        self._entries = entries
        self._starts = [entry.dated.occurrence.starts_at for entry in entries]
        self._clocks = dict[str, list[tuple[date, int]]]()
        self.choices = Choices(
            sorted(filter(None, spoken)),
            sorted((code_of(name), name) for name, _ in types.most_common(MOST_TYPES)),
            sorted(filter(None, programs)),
        )

    def is_still_good(self, listed: list[Stored], now: int) -> bool:
        return self.of[0] is listed and self.of[1] == now // HOUR

    def find(self, asked: Wanted, now: int, ended: frozenset[RoomId]) -> Found:
        """What a page shows of what was asked for."""
        zone = asked.zone or self.zone
        clocks = self._clocks_of(zone)
        today = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).date()
        week = list[tuple[date, Dated]]()
        open_now, soon, always = list[Dated](), list[Dated](), list[Dated]()
        words, named = plain(asked.q).split(), set[str]()
        latest = bisect_left(self._starts, now + self._doors + 1)  # the doors of no later one are open
        first = bisect_left(self._starts, now)
        for place, entry in enumerate(self._entries):
            dated = entry.dated
            if place < first and dated.occurrence.is_over(now):
                continue
            if asked.narrows and not _fits(entry, asked, words):
                continue
            day, hour = clocks[place]
            if asked.time and not _is_in(asked.time, hour):
                continue
            if dated.occurrence.room in ended:
                continue
            is_open = place < latest and dated.occurrence.doors_at <= now and not dated.occurrence.is_cancelled
            if isinstance(dated.stored.meeting.recurrence, Always):
                if is_open and dated.occurrence.starts_at <= now:
                    always.append(replace(dated, is_open=True))
                continue
            if is_open:
                dated = replace(dated, is_open=True)
                open_now.append(dated)
            elif len(soon) < SOON and not dated.occurrence.is_cancelled and dated.stored.slug not in named:
                named.add(dated.stored.slug)
                soon.append(dated)
            if day >= today and dated.occurrence.starts_at < now + WEEK:  # else it began yesterday and is still open
                week.append((day, dated))
        return _page(asked, open_now + always, soon, week)

    def _clocks_of(self, zone: str) -> list[tuple[date, int]]:
        """The day and the hour of each entry by the clocks of that zone."""
        if zone not in self._clocks:
            if len(self._clocks) > 50:
                self._clocks.clear()
            self._clocks[zone] = list(_by_clocks(self._starts, ZoneInfo(zone)))
        return self._clocks[zone]


def _page(asked: Wanted, open_now: list[Dated], soon: list[Dated], week: list[tuple[date, Dated]]) -> Found:
    """The part of what was found that is on the page."""
    tabs, chosen, shown = list[Tab](), "", week
    if asked.day == "now":
        shown = []
    elif asked.day or len(week) > WHOLE:
        counts = Counter(_weekday(day) for day, _ in week)
        first = {_weekday(day): day for day, _ in reversed(week)}
        tabs = [Tab(weekday, first[weekday], counts[weekday]) for weekday in sorted(counts, key=first.__getitem__)]
        chosen = asked.day or tabs[0].weekday
        shown = [(day, dated) for day, dated in week if _weekday(day) == chosen]
    is_paged = bool(asked.day or chosen)
    pages = max(1, -(-len(open_now if asked.day == "now" else shown) // AT_ONCE)) if is_paged else 1
    page = min(asked.page, pages)
    part = slice((page - 1) * AT_ONCE, page * AT_ONCE if is_paged else None)
    days = [Day(day, [dated for _, dated in of]) for day, of in groupby(shown[part], key=lambda it: it[0])]
    listed = open_now[part] if asked.day == "now" else open_now[:OPEN_AT_ONCE]
    return Found(len(week), listed, len(open_now), soon, tabs, chosen, len(shown), days, page, pages)


def _weekday(day: date) -> str:
    return str(day.isoweekday() % 7)


def _by_clocks(starts: Iterable[int], zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    for start in starts:
        at = datetime.fromtimestamp(start / 1000, zone)
        yield at.date(), at.hour


def _fits(entry: Entry, asked: Wanted, words: list[str]) -> bool:
    return (
        (not asked.spoken or entry.spoken == asked.spoken)
        and (not asked.type or asked.type in entry.types)
        and (not asked.program or entry.program == asked.program)
        and all(word in entry.words for word in words)
    )


def _is_in(time: str, hour: int) -> bool:
    names = list(TIMES)
    begins, ends = TIMES[time], TIMES[names[(names.index(time) + 1) % len(names)]]
    return begins <= hour < ends if begins < ends else hour >= begins or hour < ends


def language_of(meeting: Meeting) -> str:
    """Its language's code, be it said as such or among the types; empty if it is not said."""
    if meeting.language:
        return meeting.language.partition("-")[0].lower()
    return next((NAMED[name] for name in type_names(meeting.types, meeting.program) if name in NAMED), "")


@lru_cache(maxsize=4096)
def code_of(name: str) -> str:
    """A type's name in an address."""
    return "-".join("".join(c if c.isalnum() else " " for c in plain(name)).split())


def plain(text: str) -> str:
    """Without accents and capitals, as one types it."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).casefold()


def _words(it: Meeting, types: list[str]) -> str:
    return plain("\n".join((it.name, it.group, it.place, it.description, it.program, *types)))

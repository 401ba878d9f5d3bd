"""What takes place in the coming days, and later, ready to be looked through: docs/decisions/013.

Ten thousand meetings are as quick to look through as a hundred: the dates of the coming days are worked out once and
stand in order of their starts; for each language, type, program and word a set of bits tells which of them have it.
"""

import asyncio
import re
import unicodedata
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import reduce
from itertools import islice
from operator import and_, or_
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

from msgspec import Struct

from config.meeting_types import type_names
from rooms.vocabulary import RoomId
from server.schedule.meetings import DAY, Occurrence, Schedule, Stored
from server.schedule.recurrence import Always, Weekly

WINDOW: Final = 9 * DAY  # ms that an index looks ahead; what pages show, wherever the visitor is, ends before
WEEK: Final = 7 * DAY
YEAR: Final = 366 * DAY  # that it looks ahead for meetings that are rarer
FRESH: Final = DAY // 2  # ms after which a new one is made, while the old one serves
LASTS: Final = DAY  # ms after which it serves no more
RARE: Final = 70 * DAY  # ms that it looks ahead for a date on each day of the week: every second month has been by then
LONGEST_WORD: Final = 40
MOST_WORDS: Final = 8  # of what somebody looks for; the others are not looked at
MASKS_KEPT: Final = 500

Part = Literal["morning", "midday", "afternoon", "evening", "night"]
PARTS: Final[dict[Part, tuple[int, int]]] = {  # hours of the visitor's clock; the last one ends on the next day
    "morning": (5, 11),
    "midday": (11, 14),
    "afternoon": (14, 17),
    "evening": (17, 22),
    "night": (22, 29),
}
assert tuple(PARTS) == get_args(Part)  # noqa: S101


Facet = tuple[str, str]  # language, type, program or word, and which
EMPTY: Final = {("language", ""), ("program", "")}
NOTHING: Final = frozenset[Facet]()
LOOKS: Final = 60.0  # seconds: a clock may be set
LAST: Final = chr(0x10FFFF)


class Wanted(Struct, frozen=True):
    """What somebody looks for; what is empty excludes nothing. Days (0 is Sunday) and parts are by `zone`."""

    zone: str = "UTC"
    days: frozenset[int] = frozenset()
    parts: frozenset[Part] = frozenset()
    language: str = ""  # as `es`; that of a meeting in `es-MX` is the same
    type: str = ""  # its English name: codes mean something else in each program
    program: str = ""
    words: str = ""


class Entry(Struct, frozen=True):
    stored: Stored
    occurrence: Occurrence


class Found(Struct, frozen=True):
    """A part of what was found, in order of the starts, and how many there are."""

    count: int
    entries: list[Entry]


class _Looked(Struct, frozen=True):
    """What was seen of one meeting."""

    at: Stored
    dates: tuple[Occurrence, ...]
    facets: frozenset[Facet]


class Index:
    """All dates of nine days from `begins` (ms) on, with those before that are not over.

    Of what takes place more rarely than that also the next date on each day of the week. What `before` has worked out
    of meetings that have not changed is taken from it; it stays as it is.
    """

    def __init__(self, listed: list[Stored], begins: int, before: "Index | None" = None) -> None:
        self.begins = begins
        self.listed = listed
        known = {} if before is None else before._looked
        dated = known if before is not None and before.begins == begins else {}
        self._looked: dict[str, _Looked] = {it.slug: _look(it, begins, known, dated) for it in listed}
        kept = {slug for slug, it in dated.items() if self._looked.get(slug) is it}
        entries = [it for it in before._entries if it.stored.slug in kept] if before is not None and kept else []
        entries += [Entry(it.at, date) for slug, it in self._looked.items() if slug not in kept for date in it.dates]
        entries.sort(key=lambda entry: (entry.occurrence.starts_at, entry.stored.slug))
        self._entries: list[Entry] = entries
        self._starts = [entry.occurrence.starts_at for entry in entries]
        self._overs = [_over_at(entry.occurrence) for entry in entries]
        self._longest = max((over - start for over, start in zip(self._overs, self._starts, strict=True)), default=0)
        self._earliest = max((it.occurrence.starts_at - it.occurrence.doors_at for it in entries), default=0)
        self._rooms = {entry.occurrence.room: place for place, entry in enumerate(entries)}
        self._all = (1 << len(entries)) - 1
        had = {} if before is None else before._meetings_with
        self._meetings_with: dict[Facet, set[str]] = _with_changes(had, known, self._looked)
        self._vocabulary = sorted(value for facet, value in self._meetings_with if facet == "word")
        self._places = defaultdict[str, list[int]](list)  # where a meeting's dates stand, by its slug
        for place, entry in enumerate(entries):
            self._places[entry.stored.slug].append(place)
        # What a meeting of every week has a week from here is no news.
        self._rare = sum(1 << place for place, entry in enumerate(entries) if _is_rare(entry.stored))
        self._masks: dict[Facet, int] = {}

    def choices(self, of: Literal["language", "type", "program"]) -> Counter[str]:
        """What may be wanted, and how many meetings have it."""
        return Counter({value: len(slugs) for (facet, value), slugs in self._meetings_with.items() if facet == of})

    def open_now(self, wanted: Wanted, now: int, ended: frozenset[RoomId], most: int) -> Found:
        """Those whose doors are open; days and parts of the day do not matter for them."""
        mask, found = self._meetings(wanted), list[Entry]()
        for place in range(bisect_left(self._starts, now - self._longest), len(self._starts)):
            if self._starts[place] > now + self._earliest:
                break
            it = self._entries[place].occurrence
            if mask >> place & 1 and it.doors_at <= now < self._overs[place] and _is_held(it, ended):
                found.append(self._entries[place])
        return Found(len(found), found[:most])

    def coming(
        self,
        wanted: Wanted,
        now: int,
        ended: frozenset[RoomId],
        *,
        begin: int | None = None,
        until: int | None = None,
        first: int = 0,
        most: int = 50,
    ) -> Found:
        """Those that start from `begin` (or `now`) on, before `until`; the cancelled, to be shown so, among them."""
        begin, until = now if begin is None else begin, self.begins + WINDOW if until is None else until
        low, high = bisect_left(self._starts, begin), bisect_left(self._starts, until)
        if low >= high:
            return Found(0, [])
        mask = self._meetings(wanted) & self._times(wanted) & ((1 << high) - (1 << low))
        over = [place for place in range(low, min(bisect_left(self._starts, now), high)) if now >= self._overs[place]]
        over += [place for room in ended if (place := self._rooms.get(room)) is not None]
        for place in over:
            mask &= ~(1 << place)
        return Found(mask.bit_count(), [self._entries[place] for place in islice(_ones(mask), first, first + most)])

    def later(self, wanted: Wanted, now: int, ended: frozenset[RoomId], most: int) -> Found:
        """The next date of each of those that have none in the week from `now` on, as far as it is wanted."""
        week = (1 << bisect_left(self._starts, now + WEEK)) - (1 << bisect_left(self._starts, now))
        after = self._meetings(wanted) & self._rare & ~((1 << bisect_left(self._starts, now + WEEK)) - 1)
        in_week, found = self._times(wanted) & week, dict[str, Entry]()
        for entry in map(self._entries.__getitem__, _ones(after)):
            it, slug = entry.occurrence, entry.stored.slug
            if slug in found or it.room in ended or not _is_within(wanted, it.starts_at):
                continue
            if not any(in_week >> place & 1 for place in self._places[slug]):
                found[slug] = entry
        return Found(len(found), list(found.values())[:most])

    def _meetings(self, wanted: Wanted) -> int:
        facets = ("language", wanted.language.lower()), ("type", wanted.type), ("program", wanted.program.lower())
        masks = [self._mask(facet, value) for facet, value in facets if value]
        masks += [self._mask("word", word) for word in _words(wanted.words)[:MOST_WORDS]]
        return reduce(and_, masks, self._all)

    def _mask(self, facet: str, value: str) -> int:
        """The dates of all meetings that have it; of a word also those with words that begin like it."""
        key = facet, value
        if key not in self._masks:
            values = [value]
            if facet == "word":
                first, end = (bisect_left(self._vocabulary, it) for it in (value, value + LAST))
                values = self._vocabulary[first:end]
            bits = bytearray(len(self._entries) // 8 + 1)
            for slug in {slug for it in values for slug in self._meetings_with.get((facet, it), ())}:
                for place in self._places[slug]:
                    bits[place >> 3] |= 1 << (place & 7)
            if len(self._masks) >= MASKS_KEPT:
                self._masks.clear()
            self._masks[key] = int.from_bytes(bits, "little")
        return self._masks[key]

    def _times(self, wanted: Wanted) -> int:
        """The dates on the days and in the parts of the day that are wanted."""
        if not wanted.days and not wanted.parts:
            return self._all
        spans = _spans(wanted, self.begins - 2 * DAY, self.begins + WINDOW)
        places = ((bisect_left(self._starts, low), bisect_left(self._starts, high)) for low, high in spans)
        return reduce(or_, ((1 << high) - (1 << low) for low, high in places), 0)


class Search:
    """The index of a schedule, brought up to date when a meeting changes, and made anew twice a day."""

    def __init__(self, schedule: Schedule, now: Callable[[], int]) -> None:
        self._schedule = schedule
        self._now = now
        self._index: Index | None = None
        self._at_work = asyncio.Lock()

    async def index(self) -> Index:
        async with self._at_work:  # once for all who come in the same moment, as they do before a meeting
            listed, now = await self._schedule.listed(), self._now()
            before = self._index
            if before is None or not 0 <= now - before.begins < LASTS:
                return await self._made(listed, now // FRESH * FRESH)
            return before if before.listed is listed else await self._made(listed, before.begins)

    async def live(self, tell_of_fault: Callable[[Exception], None]) -> None:
        """Have an index ready, and in time another, so that no visitor waits for one, until cancelled."""
        while True:
            begins = self._now() // FRESH * FRESH
            try:
                async with self._at_work:
                    if self._index is None or self._index.begins != begins:
                        await self._made(await self._schedule.listed(), begins)
            except Exception as error:  # whoever asks in the meantime is told; the rooms do not need it to go on
                tell_of_fault(error)
            await asyncio.sleep(min(LOOKS, (begins + FRESH - self._now()) / 1000 + 1))

    async def _made(self, listed: list[Stored], begins: int) -> Index:
        # In a thread: with thousands of meetings it takes a while, and the rooms must not wait for it.
        self._index = await asyncio.to_thread(Index, listed, begins, self._index)
        return self._index


def _over_at(it: Occurrence) -> int:
    """From when on it is over: as `Occurrence.is_over`."""
    return it.ends_at + it.format.fellowship + (it.format.overrun if it.waits_for_start else 0)


def _is_held(it: Occurrence, ended: frozenset[RoomId]) -> bool:
    return not it.is_cancelled and it.room not in ended


def _spans(wanted: Wanted, begin: int, until: int) -> Iterator[tuple[int, int]]:
    """From when to when, in milliseconds, the days and parts are by the clocks of the zone."""
    zone = ZoneInfo(wanted.zone)
    day = datetime.fromtimestamp(begin / 1000, zone).date()
    last = datetime.fromtimestamp(until / 1000, zone).date()
    while day <= last:
        if not wanted.days or day.isoweekday() % 7 in wanted.days:
            midnight = datetime.combine(day, time())
            # The small hours belong to the day on which they are, for whoever looks for a day; so a night is in two.
            hours = [PARTS[part] for part in wanted.parts] or [(0, 24)]
            hours = [it for low, high in hours for it in ([(low, 24), (0, high - 24)] if high > 24 else [(low, high)])]
            for low, high in hours:
                ends = (midnight + timedelta(hours=hour) for hour in (low, high))
                first, end = (round(wall.replace(tzinfo=zone).timestamp() * 1000) for wall in ends)
                if first < end:
                    yield first, end
        day += timedelta(days=1)


def _is_within(wanted: Wanted, at: int) -> bool:
    """Whether that moment is on the days and in the parts of the day that are wanted."""
    if not wanted.days and not wanted.parts:
        return True
    return any(low <= at < high for low, high in _spans(wanted, at - DAY, at + DAY))


def _is_rare(stored: Stored) -> bool:
    return not isinstance(stored.meeting.recurrence, Weekly | Always)


def _with_changes(
    before: dict[Facet, set[str]], old: dict[str, _Looked], new: dict[str, _Looked]
) -> dict[Facet, set[str]]:
    """Which meetings have what, from which had it before; only what has changed is copied."""
    found, ours = dict(before), set[Facet]()
    for slug in old.keys() | new.keys():
        had, has = (looked[slug].facets if slug in looked else NOTHING for looked in (old, new))
        for facet in () if had is has else had ^ has:
            if facet not in ours:
                found[facet] = set(found.get(facet, ()))
                ours.add(facet)
            found[facet] ^= {slug}
    return {facet: slugs for facet, slugs in found.items() if slugs}


def _dates(stored: Stored, begins: int) -> Iterator[Occurrence]:
    """All of the window; of what is not weekly, beyond it, the next one on each day of the week."""
    zone, seen = ZoneInfo(stored.meeting.timezone), set[int]()
    for it in stored.dates(begins, begins + (YEAR if _is_rare(stored) else WINDOW)):
        if it.starts_at > begins + RARE and seen:
            return
        day = datetime.fromtimestamp(it.starts_at / 1000, zone).weekday()
        if it.starts_at <= begins + WINDOW or day not in seen:
            yield it
        if it.starts_at >= begins + LASTS and not it.is_cancelled:
            seen.add(day)


def _look(stored: Stored, begins: int, known: dict[str, _Looked], dated: dict[str, _Looked]) -> _Looked:
    """Look at a meeting; at one that has not changed, again only where its dates are of other days."""
    old = known.get(stored.slug)
    if old is None or old.at is not stored:
        return _Looked(stored, tuple(_dates(stored, begins)), _facets(stored))
    return dated.get(stored.slug) or _Looked(stored, tuple(_dates(stored, begins)), old.facets)


def _facets(stored: Stored) -> frozenset[Facet]:
    it = stored.meeting
    names = type_names(it.types, it.program)
    facets = {("type", name) for name in names}
    facets |= {("language", it.language.partition("-")[0].lower()), ("program", it.program.lower())} - EMPTY
    text = " ".join((it.name, it.group, it.place, it.program, it.description, *names))
    facets |= {("word", word) for word in _words(text)}
    return frozenset(facets)


def _words(text: str) -> list[str]:
    """Its words in lower case and without accents, so that `espanol` finds `Español`."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return [word[:LONGEST_WORD] for word in re.findall(r"\w+", plain)]


def _ones(mask: int) -> Iterator[int]:
    """The places of the bits that are set, from the lowest on."""
    digits = bin(mask)[:1:-1]
    place = digits.find("1")
    while place >= 0:
        yield place
        place = digits.find("1", place + 1)

"""Meetings and their occurrences, kept in SQL."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import takewhile
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from config import formats
from rooms.formats import Format
from rooms.vocabulary import RoomId
from server.schedule.database import bring_up_to_date, check_writable, engine_for
from server.schedule.keys import Secrets
from server.schedule.recurrence import Always, Change, Now, Recurrence, Start, clock_note, planned, starts
from server.schedule.tables import endings, meetings, revisions

DAY: Final = 24 * 3_600_000  # ms
MINUTE: Final = 60_000
ENDINGS_KEPT: Final = 7 * DAY  # an occurrence and what may follow it are over by then
SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")
STAMP: Final = "%Y%m%dT%H%MZ"
DST: Final = 2 * 3_600_000  # ms: by so much the longest day may be longer than the others
NEVER: Final = 2**62
UNCHANGED: Final = Change(date=date.min)


class Meeting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A series as its group set it up. `link`, `link_notes` and `phone` are an imported meeting's own.

    While it is `is_paused` it has no dates.
    """

    name: str
    timezone: str
    minutes: int | float
    recurrence: Recurrence
    format: str | Format = formats.DEFAULT
    description: str = ""
    types: tuple[str, ...] = ()  # Meeting Guide codes, as the program has them
    program: str = ""
    changes: tuple[Change, ...] = ()  # by date
    is_paused: bool = False
    listed: bool = True
    language: str = ""
    group: str = ""
    place: str = ""
    link: str = ""
    link_notes: str = ""
    phone: str = ""

    @property
    def length(self) -> int:
        """In milliseconds."""
        return round(self.minutes * MINUTE)

    @property
    def rules(self) -> Format:
        if isinstance(self.format, Format):
            return self.format
        shipped = formats.shipped()
        return shipped.get(self.format, shipped[formats.DEFAULT])


class Occurrence(Struct, frozen=True):
    """One dated instance of a meeting; times in milliseconds.

    `note` is the group's word on this date; of one that was moved, `moved_from` is the day that the rule has.
    """

    room: RoomId
    slug: str
    name: str
    timezone: str
    format: Format
    starts_at: int
    ends_at: int
    waits_for_start: bool
    secrets: Secrets
    wall: datetime  # as the rule says it: what the clocks show, but in a night in which they change
    note: str = ""
    is_cancelled: bool = False
    moved_from: date | None = None

    @property
    def clock_note(self) -> str:
        """What there is to say where the clocks change that night: "02:30 does not exist that night; …"."""
        return "" if self.waits_for_start else clock_note(self.wall, ZoneInfo(self.timezone))

    @property
    def doors_at(self) -> int:
        return self.starts_at if self.waits_for_start else self.starts_at - self.format.doors

    def is_over(self, now: int) -> bool:
        """Whether its time is over, fellowship included; a meeting that waits for its start may begin late."""
        late = self.format.overrun if self.waits_for_start else 0
        return now >= self.ends_at + self.format.fellowship + late

    def is_surely_over(self, now: int) -> bool:
        """Whether its room cannot be open any more, however long the service team stayed."""
        return now >= self.ends_at + self.format.fellowship + self.format.overrun


class Ended(Struct, frozen=True):
    """The occurrence is over, or does not take place; why, in a sentence."""

    why: str = "This meeting is over."


PAUSED: Final = Ended("This meeting is paused: it does not take place at present.")
CANCELLED: Final = Ended("This date is cancelled.")


class Stored(Struct, frozen=True):
    """A meeting as it is in the database. `sequence` counts its changes; `uid` stays for life, and tells nothing."""

    slug: str
    meeting: Meeting
    secrets: Secrets
    updated_at: int
    sequence: int = 0
    missing_since: int | None = None  # of an imported one: no longer in its feed

    @property
    def uid(self) -> str:
        return str(UUID(bytes=sha256(self.secrets.salt.encode()).digest()[:16], version=4))

    @property
    def feed_uid(self) -> str:
        """By what our own feed is known again. Another than `uid`: no discreet calendar leads to a listed name."""
        return sha256(f"feed {self.secrets.salt}".encode()).hexdigest()[:32]

    def occurrence(self, start: Start) -> Occurrence:
        it, change = self.meeting, start.change or UNCHANGED
        stamp = datetime.fromtimestamp(start.at / 1000, UTC).strftime(STAMP)
        return Occurrence(
            RoomId(f"{self.slug}.{stamp}"),
            self.slug,
            it.name,
            it.timezone,
            it.rules,
            start.at,
            self._end(start.at),
            isinstance(it.recurrence, Now),
            self.secrets,
            start.wall,
            change.note,
            change.cancelled,
            None if change.moved_to is None else change.date,
        )

    def opened(self, room: RoomId, starts_at: int) -> Occurrence:
        """The occurrence that was opened with that start, whatever the rule and its changes say by now."""
        wall = datetime.fromtimestamp(starts_at / 1000, ZoneInfo(self.meeting.timezone)).replace(tzinfo=None)
        return replace(self.occurrence(Start(starts_at, wall)), room=room)

    def _end(self, start: int) -> int:
        if isinstance(self.meeting.recurrence, Always):  # the day may have 23 or 25 hours
            return next(starts(self.meeting.recurrence, self.meeting.timezone, start))
        return start + self.meeting.length

    def dates(self, now: int, until: int) -> Iterator[Occurrence]:
        """Those that are not over yet and start by `until`, in order; the cancelled among them, to be shown as such."""
        it = self.meeting
        if it.is_paused:
            return
        before = now - it.length - DST - it.rules.fellowship - it.rules.overrun - 1
        for occurrence in map(self.occurrence, planned(it.recurrence, it.timezone, it.changes, before)):
            if occurrence.starts_at > until:
                return
            if not occurrence.is_over(now):
                yield occurrence

    def coming(self, now: int, until: int, ended: frozenset[RoomId]) -> Iterator[Occurrence]:
        """Those of `dates` that take place and have not ended early."""
        return (it for it in self.dates(now, until) if not it.is_cancelled and it.room not in ended)

    def of_room(self, room: RoomId, starts_at: int) -> Occurrence | None:
        """The occurrence with that id, be it over or cancelled."""
        it = self.meeting
        found = map(self.occurrence, planned(it.recurrence, it.timezone, it.changes, starts_at - 1))
        return next(
            (found for found in takewhile(lambda it: it.starts_at < starts_at + MINUTE, found) if found.room == room),
            None,
        )

    def next(self, now: int, ended: frozenset[RoomId]) -> Occurrence | None:
        """The current occurrence, else the next one.

        A meeting may follow on itself: the doors of the next occurrence go before the fellowship of the last one, but
        nobody is led away from one that is running.
        """
        found = None
        for occurrence in self.coming(now, NEVER, ended):
            if found is not None and (now < occurrence.doors_at or now < found.ends_at):
                break
            found = occurrence
            if now < occurrence.doors_at:
                break
        return found


class Imported(Struct, frozen=True):
    """A meeting that comes from a feed, whose slug there is `source_slug`."""

    slug: str
    meeting: Meeting
    secrets: Secrets
    source_slug: str


class Schedule:
    """The meetings of one installation. `on_deleted` hears of each that is deleted.

    To make one and to open it raise `database.Unusable`; everything else raises `sqlalchemy.exc.SQLAlchemyError`
    where the database is away.
    """

    def __init__(self, url: str, now: Callable[[], int]) -> None:
        self.on_deleted: Callable[[Stored], Awaitable[None]] | None = None
        self._now = now
        self._engine = engine_for(url)
        self._listed: list[Stored] = []
        self._by_slug: dict[str, Stored] = {}  # those listed
        self._seen: _Seen | None = None
        self._reading = asyncio.Lock()

    async def open(self) -> None:
        """Bring the tables up to date."""
        await bring_up_to_date(self._engine)

    async def check_writable(self) -> None:
        """Raises `database.Unusable` if nothing can be written."""
        await check_writable(self._engine)

    async def close(self) -> None:
        await self._engine.dispose()

    async def get(self, slug: str) -> Stored | None:
        if not SLUG.fullmatch(slug):
            return None
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(meetings).where(meetings.c.slug == slug))).mappings().first()
        return None if row is None else _stored(row)

    async def listed(self) -> list[Stored]:
        """All meetings that their groups have made public, by name: the same list until one changes, here or elsewhere.

        What has not changed since the last time is not read again.
        """
        async with self._reading, self._engine.connect() as connection:
            seen = _Seen(*(await connection.execute(select(revisions))).one())
            if seen != self._seen:
                if self._seen is None:
                    rows = select(meetings).where(meetings.c.listed)
                else:
                    rows = select(meetings).where(meetings.c.revision > self._seen.latest)
                    if seen.deletions != self._seen.deletions:
                        there = set((await connection.execute(select(meetings.c.slug))).scalars())
                        self._by_slug = {slug: it for slug, it in self._by_slug.items() if slug in there}
                for row in (await connection.execute(rows)).mappings():
                    self._by_slug.pop(row["slug"], None)
                    if row["listed"]:
                        self._by_slug[row["slug"]] = _stored(row)
                # Here and not there: each database has an order of letters of its own.
                self._listed = sorted(self._by_slug.values(), key=lambda it: (it.meeting.name.casefold(), it.slug))
                self._seen = seen
        return self._listed

    async def ended(self) -> frozenset[RoomId]:
        """The occurrences of late that are over, whatever the clock says."""
        async with self._engine.connect() as connection:
            return frozenset((await connection.execute(select(endings.c.room))).scalars())

    async def add(self, slug: str, meeting: Meeting, secrets: Secrets) -> Stored | None:
        """A new meeting, or the one that was made with these very keys; None if the slug is taken."""
        stored = Stored(slug, meeting, secrets, self._now())
        try:
            async with self._engine.begin() as connection:
                values = _values(stored) | {"revision": await _next_revision(connection)}  # one writes at a time
                made = select(meetings).where(meetings.c.manage_key == secrets.manage_key)
                if (row := (await connection.execute(made)).mappings().first()) is not None:
                    return _stored(row)
                await connection.execute(insert(meetings).values(values))
        except IntegrityError:
            return None
        return stored

    async def change(self, slug: str, meeting: Meeting, secrets: Secrets, sequence: int | None = None) -> Stored | None:
        """The meeting as it is from now on; None if it is not there (or not any more as it was at `sequence`)."""
        async with self._engine.begin() as connection:
            revision = await _next_revision(connection)
            return await _change(connection, Stored(slug, meeting, secrets, self._now()), revision, sequence)

    async def delete(self, slug: str) -> None:
        """Delete a meeting; its room ends."""
        stored = await self.get(slug)
        async with self._engine.begin() as connection:
            await _next_revision(connection, is_deletion=True)
            await connection.execute(delete(meetings).where(meetings.c.slug == slug))
            await connection.execute(delete(endings).where(endings.c.room.startswith(f"{slug}.")))
        if stored is not None and self.on_deleted is not None:
            await self.on_deleted(stored)

    async def imported(self, source: str) -> dict[str, Stored]:
        """The meetings that came from `source`, by their slugs there."""
        rows = select(meetings).where(meetings.c.source == source)
        async with self._engine.connect() as connection:
            return {row["source_slug"]: _stored(row) for row in (await connection.execute(rows)).mappings()}

    async def imported_elsewhere(self, source: str) -> dict[tuple[str, str], str]:
        """The sources of what came from others than `source`, by slug there and name."""
        columns = select(meetings.c.source_slug, meetings.c.name, meetings.c.source).where(meetings.c.source != source)
        async with self._engine.connect() as connection:
            return {(slug, name): found for slug, name, found in await connection.execute(columns)}

    async def bring_in(
        self, source: str, new: Iterable[Imported], changed: Iterable[Stored], missing: Iterable[str]
    ) -> None:
        """Add and change the meetings of a feed, all or none, and flag those (by slug there) that it no longer has."""
        now, gone = self._now(), set(missing)
        flags = select(meetings.c.id, meetings.c.source_slug, meetings.c.missing_since).where(
            meetings.c.source == source
        )
        async with self._engine.begin() as connection:
            revision = await _next_revision(connection)
            its = {"source": source, "revision": revision}
            rows = [
                _values(Stored(it.slug, it.meeting, it.secrets, now)) | its | {"source_slug": it.source_slug}
                for it in new
            ]
            if rows:
                await connection.execute(insert(meetings), rows)
            for it in changed:
                await _change(connection, replace(it, updated_at=now), revision)
            for id_, slug, since in (await connection.execute(flags)).all():
                if (slug in gone) != (since is not None):
                    flagged = update(meetings).where(meetings.c.id == id_)
                    await connection.execute(flagged.values(missing_since=now if slug in gone else None))

    async def all(self) -> dict[str, Stored]:
        """All meetings by their slugs, those of which nobody knows among them."""
        async with self._engine.connect() as connection:
            return {row["slug"]: _stored(row) for row in (await connection.execute(select(meetings))).mappings()}

    async def slugs(self) -> set[str]:
        async with self._engine.connect() as connection:
            return set((await connection.execute(select(meetings.c.slug))).scalars())

    async def occurrence(self, room: str, now: int) -> Occurrence | Ended | None:
        """The occurrence of a room id, or a meeting's current or next one; None if there is no such thing.

        A meeting's occurrence is current until its time is over, fellowship included: whoever comes later is not led
        into an empty room of the past. A room whose service team stays longer is open still, under its own id.
        """
        slug, dot, stamp = room.partition(".")
        stored = await self.get(slug)
        if stored is None:
            return None
        ended = await self.ended()
        if not dot:
            return stored.next(now, ended) or (PAUSED if stored.meeting.is_paused else Ended())
        try:
            start = round(datetime.strptime(stamp, STAMP).replace(tzinfo=UTC).timestamp() * 1000)
            found = stored.of_room(RoomId(room), start)
        except (ValueError, OverflowError):
            return None
        if found is None:
            return None
        if found.room in ended or found.is_surely_over(now):
            return Ended()
        return CANCELLED if found.is_cancelled else PAUSED if stored.meeting.is_paused else found

    async def mark_ended(self, room: RoomId) -> None:
        """Remember that the occurrence is over, though its time may not be; forget those of last week."""
        now = self._now()
        with suppress(IntegrityError):  # it is marked already
            async with self._engine.begin() as connection:
                await connection.execute(delete(endings).where(endings.c.ended_at < now - ENDINGS_KEPT))
                await connection.execute(insert(endings).values(room=room, ended_at=now))


class _Seen(Struct, frozen=True):
    """How far the listed meetings have been read."""

    latest: int
    deletions: int


async def _next_revision(connection: AsyncConnection, *, is_deletion: bool = False) -> int:
    """Number what this transaction changes. Whoever else changes something waits until it is done."""
    values = {"latest": revisions.c.latest + 1, "deletions": revisions.c.deletions + int(is_deletion)}
    revision: int = (
        await connection.execute(update(revisions).values(values).returning(revisions.c.latest))
    ).scalar_one()
    return revision


async def _change(
    connection: AsyncConnection, stored: Stored, revision: int, sequence: int | None = None
) -> Stored | None:
    its = meetings.c.slug == stored.slug
    if sequence is not None:
        its &= meetings.c.sequence == sequence
    values = _values(stored) | {"sequence": meetings.c.sequence + 1, "revision": revision}
    changed = await connection.execute(update(meetings).where(its).values(values).returning(*meetings.c))
    row = changed.mappings().first()
    return None if row is None else _stored(row)


def _values(stored: Stored) -> dict[str, Any]:
    return {
        "slug": stored.slug,
        "name": stored.meeting.name,
        "listed": stored.meeting.listed,
        "meeting": msgspec.json.encode(stored.meeting).decode(),
        "updated_at": stored.updated_at,
    } | msgspec.structs.asdict(stored.secrets)


_decode = msgspec.json.Decoder(Meeting).decode


def _stored(row: Any) -> Stored:
    secrets = Secrets(*(row[name] for name in Secrets.__struct_fields__))
    meeting = _decode(row["meeting"])
    return Stored(row["slug"], meeting, secrets, row["updated_at"], row["sequence"], row["missing_since"])

"""Meetings and their occurrences, kept in SQL."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from alembic import command
from alembic.config import Config
from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from config import formats
from rooms.formats import Format
from rooms.vocabulary import RoomId
from server.schedule.keys import Secrets
from server.schedule.recurrence import Now, Recurrence, starts
from server.schedule.tables import endings, meetings

DAY: Final = 24 * 3_600_000  # ms
MINUTE: Final = 60_000
LOOK_AHEAD: Final = 400 * DAY  # a yearly meeting has a next date
SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")


class Meeting(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A series as its group set it up. `link` and `phone` are an imported meeting's own."""

    name: str
    timezone: str
    minutes: float
    recurrence: Recurrence
    format: str | Format = formats.DEFAULT
    description: str = ""
    types: tuple[str, ...] = ()  # Meeting Guide codes, as the program has them
    program: str = ""
    listed: bool = True
    language: str = ""
    group: str = ""
    place: str = ""
    link: str = ""
    phone: str = ""

    @property
    def length(self) -> int:
        return round(self.minutes * MINUTE)

    @property
    def rules(self) -> Format:
        if isinstance(self.format, Format):
            return self.format
        shipped = formats.shipped()
        return shipped.get(self.format, shipped[formats.DEFAULT])


class Stored(Struct, frozen=True):
    """A meeting as it is in the database."""

    slug: str
    meeting: Meeting
    secrets: Secrets
    updated_at: int

    def occurrence(self, starts_at: int) -> "Occurrence":
        it = self.meeting
        stamp = datetime.fromtimestamp(starts_at / 1000, UTC).strftime("%Y%m%dT%H%MZ")
        return Occurrence(
            RoomId(f"{self.slug}.{stamp}"),
            self.slug,
            it.name,
            it.timezone,
            it.rules,
            starts_at,
            starts_at + it.length,
            isinstance(it.recurrence, Now),
            self.secrets,
        )

    def occurrences(self, after: int, until: int) -> list["Occurrence"]:
        """Those that start after `after` and up to `until` (ms)."""
        return [
            self.occurrence(start) for start in starts(self.meeting.recurrence, self.meeting.timezone, after, until)
        ]

    def _starts(self, after: int, until: int) -> Iterator[int]:
        return starts(self.meeting.recurrence, self.meeting.timezone, after, until)

    def next(self, now: int, ended: frozenset[RoomId] = frozenset()) -> "Occurrence | None":
        """The current occurrence, else the next one. When the next one's doors are open already, that one."""
        found = None
        for start in starts(
            self.meeting.recurrence, self.meeting.timezone, now - DAY - self.meeting.length, now + LOOK_AHEAD
        ):
            occurrence = self.occurrence(start)
            if occurrence.room in ended or occurrence.is_over(now):
                continue
            if found is not None and now < occurrence.doors_at:
                break
            found = occurrence
            if now < occurrence.doors_at:
                break
        return found


class Occurrence(Struct, frozen=True):
    """One dated instance of a meeting; times in milliseconds."""

    room: RoomId
    slug: str
    name: str
    timezone: str
    format: Format
    starts_at: int
    ends_at: int
    waits_for_start: bool
    secrets: Secrets

    @property
    def doors_at(self) -> int:
        return self.starts_at if self.waits_for_start else self.starts_at - self.format.doors

    def is_over(self, now: int) -> bool:
        """Whether its time is over, fellowship included; a meeting that waits for its start may begin late."""
        late = self.format.overrun if self.waits_for_start else 0
        return now >= self.ends_at + self.format.fellowship + late


class Ended(Struct, frozen=True):
    """The occurrence is over."""


class Schedule:
    """The meetings of one installation."""

    def __init__(self, url: str, now: Callable[[], int]) -> None:
        self.on_deleted: Callable[[str], Awaitable[None]] | None = None
        self._url = make_url(url)
        self._now = now
        self._engine = create_async_engine(self._url)

    async def open(self) -> None:
        """Bring the tables up to date. Raises `sqlalchemy.exc.SQLAlchemyError`, `OSError`."""
        if self._url.get_backend_name() == "sqlite" and self._url.database:
            await asyncio.to_thread(Path(self._url.database).parent.mkdir, parents=True, exist_ok=True)
        async with self._engine.begin() as connection:
            await connection.run_sync(_migrate)
            await connection.execute(delete(endings).where(endings.c.ended_at < self._now() - 7 * DAY))

    async def close(self) -> None:
        await self._engine.dispose()

    async def get(self, slug: str) -> Stored | None:
        async with self._engine.connect() as connection:
            row = (await connection.execute(select(meetings).where(meetings.c.slug == slug))).mappings().first()
        return None if row is None else _stored(row)

    async def listed(self) -> list[Stored]:
        """All meetings that their groups have made public, by name."""
        rows = select(meetings).where(meetings.c.listed).order_by(meetings.c.name, meetings.c.slug)
        async with self._engine.connect() as connection:
            return [_stored(row) for row in (await connection.execute(rows)).mappings()]

    async def ended(self) -> frozenset[RoomId]:
        """The occurrences of late that are over, whatever the clock says."""
        async with self._engine.connect() as connection:
            return frozenset((await connection.execute(select(endings.c.room))).scalars())

    async def add(
        self, slug: str, meeting: Meeting, secrets: Secrets, source: tuple[str, str] | None = None
    ) -> Stored | None:
        """A new meeting; None if the slug is taken."""
        stored = Stored(slug, meeting, secrets, self._now())
        values = _values(stored) | dict(zip(("source", "source_slug"), source or (None, None), strict=True))
        async with self._engine.begin() as connection:
            taken = await connection.scalar(select(meetings.c.id).where(meetings.c.slug == slug))
            if taken is not None:
                return None
            await connection.execute(insert(meetings).values(values))
        return stored

    async def change(self, slug: str, meeting: Meeting, secrets: Secrets) -> Stored:
        stored = Stored(slug, meeting, secrets, self._now())
        async with self._engine.begin() as connection:
            await connection.execute(update(meetings).where(meetings.c.slug == slug).values(_values(stored)))
        return stored

    async def delete(self, slug: str) -> None:
        """Delete a meeting; its room ends."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(meetings).where(meetings.c.slug == slug))
        if self.on_deleted is not None:
            await self.on_deleted(slug)

    async def imported(self, source: str) -> dict[str, Stored]:
        """The meetings that came from `source`, by their slugs there."""
        rows = select(meetings).where(meetings.c.source == source)
        async with self._engine.connect() as connection:
            return {row["source_slug"]: _stored(row) for row in (await connection.execute(rows)).mappings()}

    async def slugs(self) -> set[str]:
        async with self._engine.connect() as connection:
            return set((await connection.execute(select(meetings.c.slug))).scalars())

    async def occurrence(self, room: str, now: int) -> Occurrence | Ended | None:
        """The occurrence of a room id, or a meeting's current or next one; None if there is no such thing."""
        slug, dot, stamp = room.partition(".")
        stored = await self.get(slug)
        if stored is None:
            return None
        ended = await self.ended()
        if not dot:
            return stored.next(now, ended) or Ended()
        try:
            start = round(datetime.strptime(stamp, "%Y%m%dT%H%MZ").replace(tzinfo=UTC).timestamp() * 1000)
        except ValueError:
            return None
        found = next(iter(stored.occurrences(start - MINUTE, start + MINUTE - 1)), None)
        if found is None or found.room != room:
            return None
        return Ended() if found.room in ended or found.is_over(now) else found

    async def mark_ended(self, room: RoomId) -> None:
        """Remember that the occurrence is over, though its time may not be."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(endings).where(endings.c.room == room))
            await connection.execute(insert(endings).values(room=room, ended_at=self._now()))


def _values(stored: Stored) -> dict[str, Any]:
    return {
        "slug": stored.slug,
        "name": stored.meeting.name,
        "listed": stored.meeting.listed,
        "meeting": msgspec.json.encode(stored.meeting).decode(),
        "updated_at": stored.updated_at,
    } | msgspec.structs.asdict(stored.secrets)


def _stored(row: Any) -> Stored:
    secrets = Secrets(*(row[name] for name in Secrets.__struct_fields__))
    return Stored(row["slug"], msgspec.json.decode(row["meeting"], type=Meeting), secrets, row["updated_at"])


def _migrate(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

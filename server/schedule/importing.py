"""Importing a feed: every row accounted for, and nothing done twice."""

from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from server.schedule.feeds import Feed, NotAFeed, rows
from server.schedule.keys import new_keys
from server.schedule.meetings import Imported, Schedule, Stored
from server.schedule.slugs import slug_from_feed

OURS: Final = ("format", "listed", "language", "changes", "is_paused")  # what the group sets up here, not in its feed


class Note(Struct):
    """About one row, which counts from 1; without one about a meeting that is here and no longer in the feed."""

    row: int | None
    slug: str
    reason: str


class Report(Struct):
    """`rows` is the sum of the imported, the changed, the unchanged and the skipped."""

    rows: int = 0
    imported: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)


def feed_in(content: bytes) -> object:
    """The document of a feed. Raises `NotAFeed` with a sentence that says what it is instead."""
    content = content.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        what = "a web page" if content[:1] == b"<" else "no valid JSON" if content else "empty"
        raise NotAFeed(f"This is {what}, not a feed.") from None


async def import_feed(schedule: Schedule, document: object, feed: Feed, *, dry_run: bool = False) -> Report:
    """Bring the feed's meetings into the schedule, matched by source and slug; all or none.

    What its group has changed here by hand (the format, the passcode, whether it is listed) stays; what the feed says
    comes from the feed. Raises `feeds.NotAFeed`, `sqlalchemy.exc.SQLAlchemyError`.
    """
    report = Report()
    known, taken = await schedule.imported(feed.source), await schedule.slugs()
    elsewhere = await schedule.imported_elsewhere(feed.source)
    new, changed, there = list[Imported](), list[Stored](), set[str]()
    for row in rows(document, feed):
        report.rows += 1
        report.warnings += [Note(row.number, row.slug, warning) for warning in row.warnings]
        if row.meeting is None:
            report.skipped.append(Note(row.number, row.slug, row.reason))
            if row.slug in known and row.slug not in there:
                report.warnings.append(Note(row.number, row.slug, "skipped now; kept here as it was"))
        elif (stored := known.get(row.slug)) is None:
            report.imported += 1
            if (source := elsewhere.get((row.slug, row.meeting.name))) is not None:
                report.warnings.append(Note(row.number, row.slug, f"here already, from {source}: now here twice"))
            slug = slug_from_feed(row.slug, taken)
            taken.add(slug)
            new.append(Imported(slug, row.meeting, new_keys().kept(None), row.slug))
        else:
            here = stored.meeting
            meeting = replace(row.meeting, **{name: getattr(here, name) for name in OURS})
            if meeting == here:
                report.unchanged += 1
            else:
                report.changed += 1
                changed.append(replace(stored, meeting=meeting))
        there.add(row.slug)
    missing = sorted(known.keys() - there)
    report.warnings += [Note(None, slug, "no longer in the feed; kept here") for slug in missing]
    if not dry_run:
        await schedule.bring_in(feed.source, new, changed, missing)
    return report

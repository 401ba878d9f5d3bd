"""Importing a feed: every row accounted for, and nothing done twice."""

import asyncio
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from server.schedule.feeds import Feed, rows
from server.schedule.keys import new_keys
from server.schedule.meetings import Imported, Meeting, Schedule, Stored
from server.schedule.recurrence import Weekly, has_date
from server.schedule.slugs import slug_from_feed

OURS: Final = ("format", "listed", "language", "is_paused")  # what the group sets up here, not in its feed


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


async def import_feed(schedule: Schedule, document: object, feed: Feed, *, dry_run: bool = False) -> Report:
    """Bring the feed's meetings into the schedule, matched by source and slug; all or none.

    What its group has changed here by hand (the format, the passcode, whether it is listed) stays; what the feed says
    comes from the feed. Rows of our own feed change nothing. Raises `documents.NotAFeed`,
    `sqlalchemy.exc.SQLAlchemyError`.
    """
    report = Report()
    # In a thread: a large feed takes seconds, and the rooms must not wait for it.
    found = await asyncio.to_thread(lambda: list(rows(document, feed)))
    known, taken = await schedule.imported(feed.source), await schedule.slugs()
    elsewhere = await schedule.imported_elsewhere(feed.source)
    ours = await schedule.all() if any(row.uid or row.door in taken for row in found) else {}
    own_uids = {it.feed_uid for it in ours.values()}
    new, changed, there = list[Imported](), list[Stored](), set[str]()
    for row in found:
        report.rows += 1
        report.warnings += [Note(row.number, row.slug, warning) for warning in row.warnings]
        there.add(row.slug)
        if row.meeting is None:
            report.skipped.append(Note(row.number, row.slug, row.reason))
            if row.slug in known:
                report.warnings.append(Note(row.number, row.slug, "skipped now; kept here as it was"))
        elif (stored := known.get(row.slug)) is not None:
            meeting = _renewed(stored.meeting, row.meeting)
            if meeting == stored.meeting:
                report.unchanged += 1
            else:
                report.changed += 1
                changed.append(replace(stored, meeting=meeting))
        elif row.uid in own_uids or ((own := ours.get(row.door)) and _tells_of(row.meeting, own.meeting)):
            report.unchanged += 1
        else:
            report.imported += 1
            if (source := elsewhere.get((row.slug, row.meeting.name))) is not None:
                report.warnings.append(Note(row.number, row.slug, f"here already, from {source}: now here twice"))
            slug = slug_from_feed(row.wished, taken)
            taken.add(slug)
            new.append(Imported(slug, row.meeting, new_keys().kept(None), row.slug))
    missing = sorted(known.keys() - there)
    report.warnings += [Note(None, slug, "no longer in the feed; kept here") for slug in missing]
    if not dry_run:
        await schedule.bring_in(feed.source, new, changed, missing)
    return report


def _renewed(here: Meeting, there: Meeting) -> Meeting:
    """The meeting as the feed tells it now, with what was set up here."""
    changes = tuple(change for change in here.changes if has_date(there.recurrence, change.date))
    return replace(there, **{name: getattr(here, name) for name in OURS}, changes=changes)


def _tells_of(there: Meeting, here: Meeting) -> bool:
    """Whether a row is one that our own feed has of a meeting: each has one of its days."""
    rule, day = here.recurrence, there.recurrence
    return (
        isinstance(rule, Weekly)
        and isinstance(day, Weekly)
        and set(day.days) <= set(rule.days)
        and (day.time, there.timezone, there.name) == (rule.time, here.timezone, " ".join(here.name.split()))
    )

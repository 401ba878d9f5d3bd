"""Importing a feed: every row accounted for, and nothing done twice."""

from typing import Any

from msgspec import Struct, field

from server.schedule.feeds import Feed, Row, rows
from server.schedule.keys import new_keys
from server.schedule.meetings import SLUG, Schedule, Stored
from server.schedule.posted import slug_of

__all__ = ["Feed", "Report", "import_feed"]


class Report(Struct):
    """`rows` is the sum of the imported, the changed, the unchanged and the skipped."""

    rows: int = 0
    imported: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[dict[str, Any]] = field(default_factory=list)


async def import_feed(schedule: Schedule, document: Any, feed: Feed, *, dry_run: bool = False) -> Report:
    """Bring the feed's meetings into the schedule, matched by source and slug. Raises `feeds.NotAFeed`."""
    report = Report()
    known, taken = await schedule.imported(feed.source), await schedule.slugs()
    there = set()
    for row in rows(document, feed):
        report.rows += 1
        there.add(row.slug)
        if row.meeting is None:
            report.skipped.append({"row": row.number, "slug": row.slug, "reason": row.reason})
            continue
        if row.warning:
            report.warnings.append({"row": row.number, "slug": row.slug, "reason": row.warning})
        await _take(schedule, row, feed.source, known.get(row.slug), taken, report, dry_run=dry_run)
    for slug in known.keys() - there:
        report.warnings.append({"row": 0, "slug": slug, "reason": "no longer in the feed; kept here"})
    return report


async def _take(
    schedule: Schedule, row: Row, source: str, known: Stored | None, taken: set[str], report: Report, *, dry_run: bool
) -> None:
    meeting = row.meeting
    if meeting is None:
        return
    if known is None:
        slug = row.slug if SLUG.fullmatch(row.slug) and row.slug not in taken else slug_of(row.slug, taken)
        taken.add(slug)
        report.imported += 1
        if not dry_run:
            await schedule.add(slug, meeting, new_keys().kept(None), (source, row.slug[:255]))
    elif known.meeting == meeting:
        report.unchanged += 1
    else:
        report.changed += 1
        if not dry_run:
            await schedule.change(known.slug, meeting, known.secrets)

"""An occurrence on a page: when it is, by which clocks, and what there is to say of it. Pure."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from server.pages.words import Words
from server.schedule.meetings import Occurrence, Stored


class Dated(Struct, frozen=True):
    """An occurrence of a meeting; its doors may be open."""

    stored: Stored
    occurrence: Occurrence
    is_open: bool = False

    @property
    def local(self) -> datetime:
        return self.at(self.occurrence.timezone)

    def at(self, zone: str) -> datetime:
        """What the clocks of that zone show at the start."""
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, ZoneInfo(zone))

    @property
    def utc(self) -> str:
        return datetime.fromtimestamp(self.occurrence.starts_at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def rule_date(self) -> date:
        """The day that the meeting's rule has, by which changes of single dates go."""
        return self.occurrence.moved_from or self.occurrence.wall.date()

    def remarks(self, t: Words) -> list[str]:
        """What there is to say: a date that was moved, a night in which the clocks change, the group's own note."""
        it, said = self.occurrence, list[str]()
        if it.moved_from is not None:
            said.append(t("date.moved", day=t.day(it.moved_from)))
        if not it.waits_for_start and not it.is_cancelled:
            said += _of_the_clocks(t, it.wall, ZoneInfo(it.timezone))
        return said + ([it.note] if it.note else [])


def _of_the_clocks(t: Words, wall: datetime, zone: ZoneInfo) -> list[str]:
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return []
    shown = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    if shown != wall:
        return [t("date.gap", time=t.time(wall), shown=t.time(shown))]
    return [t("date.twice", time=t.time(wall))]

"""What a meeting is, in plain words: when it takes place, what is in its agenda, and who may come."""

import re
from typing import Final

from config import formats
from rooms.formats import Format
from server.pages.words import Words
from server.schedule.meetings import Meeting
from server.schedule.recurrence import Always, Now, Once, Recurrence, Rule, Weekly

DAYS: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
NTH: Final = ("1", "2", "3", "4", "-1")


def format_name(t: Words, name: str) -> str:
    """What a shipped format is called, else that it is the group's own."""
    return t(f"format.{key_of(name)}.name")


def key_of(name: str) -> str:
    """What a format is called in the catalogues."""
    return name.replace("-", "_") if name in formats.shipped() else "own"


def when(t: Words, meeting: Meeting) -> str:
    """The rule of a meeting, with the zone whose clocks it goes by: `Every Tuesday at 19:00 (Berlin time)`."""
    rule = rule_in_words(t, meeting.recurrence)
    if isinstance(meeting.recurrence, Now | Always):
        return rule
    return t("when.zone", when=rule, city=t.city(meeting.timezone))


def rule_in_words(t: Words, recurrence: Recurrence) -> str:
    match recurrence:
        case Weekly(days=days, time=at):
            if len(days) == 7:
                return t("when.daily", time=t.time_of_day(at))
            return t(
                "when.weekly", days=t.all_of([t.weekday(day) for day in _from_monday(days)]), time=t.time_of_day(at)
            )
        case Once(at=moment):
            return t("when.once", day=t.long_day(moment.date()), time=t.time(moment))
        case Rule(rrule=rrule, dtstart=first):
            if every := weeks_between(recurrence):
                day = t.weekday(first.isoweekday() % 7)
                return t("when.weeks", n=every, day=day, time=t.time(first))
            if found := nth_weekday(recurrence):
                return t(f"when.nth.{found[0].replace('-1', 'last')}", day=t.weekday(found[1]), time=t.time(first))
            return t("when.rule", rule=rrule, time=t.time(first))
        case Always():
            return t("when.always")
        case Now():
            return t("when.now")


def weeks_between(rule: Rule) -> int | None:
    """The n of `every n weeks on the day of its first date`; None for another rule."""
    day = DAYS[rule.dtstart.isoweekday() % 7]
    found = re.fullmatch(rf"FREQ=WEEKLY;INTERVAL=([2-9])(?:;BYDAY={day})?", rule.rrule)
    return int(found[1]) if found else None


def nth_weekday(rule: Rule) -> tuple[str, int] | None:
    """Which, and of which weekday in the month (0 Sunday); None for another rule."""
    found = re.fullmatch(r"FREQ=MONTHLY;BYDAY=(-?\d)([A-Z]{2})", rule.rrule)
    return (found[1], DAYS.index(found[2])) if found and found[1] in NTH else None


def _from_monday(days: tuple[int, ...]) -> list[int]:
    return sorted(days, key=lambda day: (day - 1) % 7)


def minutes_of(rules: Format) -> int:
    """How long the agenda takes; parts without an end of their own count nothing."""
    return round(sum(phase.length or 0 for phase in rules.phase) / 60_000)

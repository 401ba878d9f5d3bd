"""Meetings as calendars (RFC 5545, RFC 7986). Pure.

The discreet version tells whoever reads over a member's shoulder nothing: an appointment, and when.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone
from icalendar.prop import vDuration, vRecur, vUri

from server.schedule.addresses import Site
from server.schedule.meetings import Stored
from server.schedule.recurrence import Always, Now, Once, Rule, Weekly, wall_times
from server.schedule.rrule import pattern

WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
REFRESH = timedelta(hours=12)


def calendar(meetings: Iterable[Stored], name: str, site: Site, *, is_discreet: bool = False) -> bytes:
    """A calendar of these meetings. Those of the moment (`now`) are in none."""
    name = "Appointments" if is_discreet else name
    made = Calendar()
    made.add("prodid", "-//Openchair//Schedule//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("name", name)
    made.add("x-wr-calname", name)
    refresh = vDuration(REFRESH)
    refresh.params["VALUE"] = "DURATION"
    made.add("refresh-interval", refresh)
    made.add("x-published-ttl", vDuration(REFRESH))
    kept = [(it, rule) for it in meetings if not isinstance(rule := it.meeting.recurrence, Now | Always)]
    for zone in sorted({it.meeting.timezone for it, _ in kept} - {"UTC"}):
        made.add_component(_timezone(zone))
    for stored, rule in kept:
        made.add_component(_event(stored, rule, site, is_discreet))
    return bytes(made.to_ical())


def _event(stored: Stored, recurrence: Weekly | Rule | Once, site: Site, is_discreet: bool) -> Event:
    it, zone = stored.meeting, ZoneInfo(stored.meeting.timezone)
    updated = datetime.fromtimestamp(stored.updated_at // 1000, UTC)
    event = Event()
    # Neither the version that names the group nor the discreet one tells its slug here: both stay the same event.
    event.add("uid", f"{sha256(f'{stored.slug}@{site.host}'.encode()).hexdigest()[:32]}@{site.host}")
    event.add("dtstamp", updated)
    event.add("last-modified", updated)
    event.add("sequence", stored.updated_at // 60_000)  # grows with every change, and fits 32 bits
    event.add("dtstart", _first(recurrence, updated, zone))
    # Not DTEND: in the night without 02:30 an event from 02:30 to 03:30 would last no time at all.
    event.add("duration", timedelta(minutes=it.minutes))
    match recurrence:
        case Weekly(days=days):
            event.add("rrule", vRecur(FREQ="WEEKLY", BYDAY=[WEEKDAYS[day] for day in days]))
        case Rule(rrule=rrule):
            event.add("rrule", _rule(rrule, zone))
    if is_discreet:
        event.add("summary", "Appointment")
        event.add("class", "PRIVATE")
        return event
    room = site.room(stored.slug)
    event.add("summary", it.name)
    event.add("description", f"{it.description}\n\n{room}".strip())
    event.add("location", room)
    event.add("url", vUri(room))
    conference = vUri(room)
    conference.params["VALUE"] = "URI"
    conference.params["FEATURE"] = ["AUDIO", "CHAT"]
    conference.params["LABEL"] = "Meeting room"
    event.add("conference", conference)
    return event


def _first(recurrence: Weekly | Rule | Once, updated: datetime, zone: ZoneInfo) -> datetime:
    """From when the rule counts: a date of its own; of a weekly meeting the first since it was changed."""
    match recurrence:
        case Weekly():
            first = updated.astimezone(zone).replace(tzinfo=None)
        case Rule(dtstart=first) | Once(at=first):
            pass
    return next(wall_times(recurrence, first)).replace(tzinfo=zone)


def _rule(rrule: str, zone: ZoneInfo) -> vRecur:
    """The rule with its end in UTC, as RFC 5545 wants it beside a zone."""
    rule: vRecur = vRecur.from_ical(rrule)
    if (until := pattern(rrule).until) is not None:
        rule["UNTIL"] = [(until if until.tzinfo else until.replace(tzinfo=zone)).astimezone(UTC)]
    return rule


@lru_cache(maxsize=600)
def _timezone(zone: str) -> Timezone:
    return Timezone.from_tzid(zone)

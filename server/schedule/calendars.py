"""Meetings as calendars (RFC 5545, RFC 7986). Pure.

The discreet version tells whoever reads over a member's shoulder nothing: an appointment, and when.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone
from icalendar.prop import vDuration, vRecur, vUri

from server.schedule.addresses import Site
from server.schedule.meetings import Stored
from server.schedule.recurrence import Always, Change, Now, Once, Rule, Weekly, wall_times
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
        for change in stored.meeting.changes:
            if not change.cancelled and (change.moved_to or (change.note and not is_discreet)):
                made.add_component(_changed_date(stored, rule, change, site, is_discreet))
    return bytes(made.to_ical())


def _event(stored: Stored, recurrence: Weekly | Rule | Once, site: Site, is_discreet: bool) -> Event:
    """The series, less the dates that are cancelled."""
    zone, updated = ZoneInfo(stored.meeting.timezone), datetime.fromtimestamp(stored.updated_at // 1000, UTC)
    first = _first(recurrence, updated, zone)
    event = _described(stored, first, site, is_discreet)
    match recurrence:
        case Weekly(days=days):
            event.add("rrule", vRecur(FREQ="WEEKLY", BYDAY=[WEEKDAYS[day] for day in days]))
        case Rule(rrule=rrule):
            event.add("rrule", _rule(rrule, zone))
        case Once():
            # A single event has no date to leave out: moved it is elsewhere, and cancelled it is as a whole.
            change = next((it for it in stored.meeting.changes if it.date == first.date()), None)
            if change is not None and change.cancelled:
                event.add("status", "CANCELLED")
    cancelled = [
        datetime.combine(it.date, first.time(), zone)
        for it in stored.meeting.changes
        if it.cancelled and not isinstance(recurrence, Once)
    ]
    if cancelled:
        event.add("exdate", cancelled)
    if stored.meeting.is_paused:
        event.add("status", "CANCELLED")
    return event


def _changed_date(
    stored: Stored, recurrence: Weekly | Rule | Once, change: Change, site: Site, is_discreet: bool
) -> Event:
    """One date of the series that is at another time, or of which there is something to say."""
    zone = ZoneInfo(stored.meeting.timezone)
    usual = next(wall_times(recurrence, datetime.combine(change.date, time()))).replace(tzinfo=zone)
    starts = usual if change.moved_to is None else change.moved_to.replace(tzinfo=zone)
    event = _described(stored, starts, site, is_discreet, change.note)
    event.add("recurrence-id", usual)
    return event


def _described(stored: Stored, starts: datetime, site: Site, is_discreet: bool, note: str = "") -> Event:
    it, updated = stored.meeting, datetime.fromtimestamp(stored.updated_at // 1000, UTC)
    event = Event()
    # Neither the version that names the group nor the discreet one tells its slug here: both stay the same event.
    event.add("uid", stored.uid)
    event.add("dtstamp", updated)
    event.add("last-modified", updated)
    event.add("sequence", stored.sequence)
    event.add("dtstart", starts)
    # Not DTEND: in the night without 02:30 an event from 02:30 to 03:30 would last no time at all.
    event.add("duration", timedelta(minutes=it.minutes))
    if is_discreet:
        event.add("summary", "Appointment")
        event.add("class", "PRIVATE")
        return event
    room = site.room(stored.slug)
    event.add("summary", it.name)
    event.add("description", "\n\n".join(text for text in (note, it.description, room) if text))
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

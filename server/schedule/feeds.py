"""Rows of feeds, as they really are, into meetings or reasons: Meeting Guide JSON and what is like it. Pure.

What is personal (contacts, authors, edit links, payment handles) is never read.
"""

import re
from collections.abc import Iterator
from datetime import time
from typing import Any, Final

from msgspec import Struct

from config.meeting_types import codes_by_name, language_of
from server.schedule import bmlt
from server.schedule.documents import field_name, listed
from server.schedule.meetings import Meeting
from server.schedule.recurrence import Weekly
from server.schedule.values import (
    DAYS,
    days_of_week,
    is_next_day,
    joined,
    link_in,
    plain,
    room_in,
    span,
    time_of_day,
    type_codes,
    without_people,
    zone_of,
)

DEFAULT_MINUTES: Final = 60
LONGEST_MINUTES: Final = 6 * 60  # what a feed's end time may say; beyond it is a slip of the pen
DAY_MINUTES: Final = 24 * 60
LEAST_DIGITS: Final = 7  # of a phone number
LONGEST_SLUG: Final = 255
ALIASES: Final = {  # names that other programs give to Meeting Guide's fields
    "slug": ("id", "meeting_id", "guid", "uuid"),
    "name": ("meeting", "meeting_name", "title"),
    "day": ("weekday", "days", "day_of_week"),
    "time": ("start_time", "start", "starts_at"),
    "end_time": ("end", "ends_at"),
    "duration": ("duration_minutes", "minutes", "duration_time"),
    "timezone": ("time_zone", "tz", "tzid"),
    "types": ("type", "formats", "tags"),
    "notes": ("description", "comments"),
    "conference_url": ("virtual_meeting_link", "zoom_url", "meeting_url", "online_url", "join_url"),
    "conference_url_notes": ("virtual_meeting_additional_info",),
    "conference_phone": ("phone_meeting_number",),
    "postal_code": ("zip",),
    "formatted_address": ("full_address",),
    "language": ("languages", "lang"),
}
NOT_WEEKLY: Final = re.compile(
    r"\b(every other|every second|alternate|alternating|1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last)"
    r"(,? (and|&) (1st|2nd|3rd|4th|5th|first|second|third|fourth|fifth|last))?"
    r" (week|wk|sun|mon|tue|wed|thu|fri|sat)|\b(bi-?weekly|bi-?monthly|monthly|once a month)\b",
    re.IGNORECASE,
)
INACTIVE: Final = {"inactive", "closed", "suspended", "cancelled"}
NOTHING: Final = {"", "none", "null", "n/a", "-", "undefined"}
DOOR: Final = re.compile(r"https?://[^/]+/r/([a-z0-9-]{1,64})")


class Feed(Struct, frozen=True):
    """A feed, and what whoever imports it says of it."""

    source: str  # its file's name or its URL: by this and their slugs its meetings are known again
    timezone: str | None = None  # of rows that name none
    program: str = ""  # whose type codes they are
    online_only: bool = True
    with_people: bool = False  # keep addresses and numbers of people that stand in notes


class Row(Struct, frozen=True):
    """What became of one row: a meeting and its slug there, or the reason why not. Rows count from 1.

    `wished` is the slug that it ought to have here, as far as that is free; `door` the slug in a link that may be the
    door of a room of ours: in our own feed it is, whatever this site's address. `uid` is what an Openchair calls the
    meeting for life: a row with that of a meeting of ours is our own, whatever has changed since.
    """

    number: int
    slug: str
    meeting: Meeting | None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    wished: str = ""
    door: str = ""
    uid: str = ""


class _Skipped(Exception):  # noqa: N818
    """The row is no meeting that can be held here; the message says why."""


def rows(document: Any, feed: Feed) -> Iterator[Row]:
    """Every row of a feed in order. Raises `NotAFeed`."""
    formats, seen = bmlt.world_ids(document), dict[str, str]()
    for number, row in enumerate(listed(document), start=1):
        slug = ""
        try:
            if not isinstance(row, dict):
                raise _Skipped("not a meeting")
            if not any(plain(it) or isinstance(it, list | dict) for it in row.values()):
                raise _Skipped("empty")
            fields = _fields(row, formats)
            slug = plain(fields.get("slug"))
            yield _row(number, fields, seen, feed)
        except _Skipped as skipped:
            yield Row(number, slug[:LONGEST_SLUG], None, str(skipped))


def _fields(row: dict[Any, Any], formats: dict[str, str]) -> dict[str, Any]:
    """The row's fields by Meeting Guide's names; what says nothing is left out."""
    named: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(value, str) or plain(value).lower() not in NOTHING:
            named.setdefault(field_name(str(name)), value)
    if isinstance(properties := named.get("properties"), dict):  # of a place on a map
        named = {field_name(str(name)): value for name, value in properties.items()} | named
    if bmlt.is_bmlt(named):
        return bmlt.as_meeting_guide(named, formats)
    for name, others in ALIASES.items():
        value = named.get(name)
        if value is None or value == "":
            named[name] = next((named[it] for it in others if named.get(it) not in (None, "")), None)
    return named


def _row(number: int, fields: dict[str, Any], seen: dict[str, str], feed: Feed) -> Row:
    def text(name: str) -> str:
        return plain(fields.get(name))

    warnings: list[str] = []
    name = " ".join(text("name").split())
    if not name:
        raise _Skipped("no name")
    if fields.get("published") in (False, "0", 0, "false", "False", "no"):
        raise _Skipped("not published")
    if text("attendance_option").lower() in INACTIVE or text("status").lower() in INACTIVE:
        raise _Skipped("inactive")
    weekly, minutes = _when(fields, warnings)
    slug = _slug(fields, name, weekly, seen, warnings)
    notes, own_words = text("notes"), (str if feed.with_people else without_people)
    phone = re.sub(r"[^0-9+,*#]", "", text("conference_phone"))
    link = text("conference_url")
    if not link and not phone and (link := room_in(f"{notes}\n{text('location_notes')}\n{text('location')}")):
        warnings.append("its link was taken from its notes")
    if feed.online_only and not link and not phone:
        raise _Skipped("not online: neither a link nor a phone number")
    types = type_codes(fields.get("types"), codes_by_name(feed.program))
    if "TC" in types and not link and not phone:
        raise _Skipped("inactive")
    if weekly is None:
        raise _Skipped("no day and time, or none that can be read")
    url_notes = (text(f"conference_{it}_notes") for it in ("url", "phone"))
    meeting = Meeting(
        name=name[:255],
        timezone=_zone(text("timezone"), feed.timezone, warnings),
        minutes=minutes,
        recurrence=weekly,
        description=own_words(notes)[:5000],
        types=types,
        program=feed.program,
        language=_language(fields.get("language")) or language_of(types, feed.program),
        group=text("group")[:255],
        place=_place(fields),
        link=link_in(link),
        link_notes=own_words(joined(url_notes, "\n"))[:1000],
        phone=phone[:64] if len(re.findall(r"\d", phone)) >= LEAST_DIGITS else "",
    )
    door = DOOR.fullmatch(link)
    if link and not meeting.link and door is None:
        warnings.append("its link cannot be used")
    if phone and not meeting.phone:
        warnings.append("its phone number cannot be used")
    if NOT_WEEKLY.search(f"{name} {notes}"):
        warnings.append("perhaps not every week: look at its name and notes")
    return Row(
        number,
        slug,
        meeting,
        warnings=tuple(warnings),
        wished=text("wished_slug") or slug,
        door=door[1] if door else "",
        uid=text("uid"),
    )


def _slug(fields: dict[str, Any], name: str, weekly: Weekly | None, seen: dict[str, str], warnings: list[str]) -> str:
    """By what the row is known again; `seen` are those of the rows before, and when they are."""
    slug = plain(fields.get("slug"))
    when = "-".join([*(DAYS[day] for day in weekly.days), f"{weekly.time:%H%M}"]) if weekly is not None else ""
    if not slug:
        if not when:
            raise _Skipped("no slug")
        slug = f"{name}-{when}".lower().replace(" ", "-")
        warnings.append("no slug: known again by its name, day and time")
    if len(slug) > LONGEST_SLUG:
        raise _Skipped("the slug is too long")
    if slug in seen and when and when != seen[slug]:  # one group's slug for all its meetings
        slug = f"{slug}-{when}"[-LONGEST_SLUG:]
        warnings.append("an earlier row has the same slug; known again by its day and time, too")
    if slug in seen:
        raise _Skipped("an earlier row has the same slug")
    seen[slug] = when
    return slug


def _when(fields: dict[str, Any], warnings: list[str]) -> tuple[Weekly | None, int | float]:
    """The days and the time, and how many minutes it lasts."""
    first, second = span(plain(fields.get("time")))
    starts = time_of_day(first)
    days = days_of_week(fields.get("day"))
    if starts is None or not days:
        return None, DEFAULT_MINUTES
    if is_next_day(first):
        days = tuple(sorted((day + 1) % len(DAYS) for day in days))
        warnings.append("it begins at 24:00: taken for the midnight at the day's end")
    if (given := _duration(fields.get("duration"))) is not None:
        return Weekly(days, starts), given
    minutes, odd = _minutes(starts, plain(fields.get("end_time")) or second)
    if odd:
        warnings.append(odd)
    return Weekly(days, starts), minutes


def _duration(value: Any) -> int | float | None:
    """In minutes, from minutes or from hours and minutes."""
    text = plain(value)
    if (clock := re.fullmatch(r"(\d{1,2}):(\d\d)(:\d\d)?", text, re.ASCII)) is not None:
        minutes = float(int(clock[1]) * 60 + int(clock[2]))
    else:
        minutes = float(text) if re.fullmatch(r"\d{1,4}(\.\d{1,9})?", text, re.ASCII) else 0
    if not 0 < minutes <= DAY_MINUTES:
        return None
    return int(minutes) if minutes.is_integer() else minutes


def _minutes(starts: time, end_time: str) -> tuple[int, str]:
    """How long it lasts. An end before the start is on the next day, or was meant in the other half of the day."""
    ends = time_of_day(end_time)
    if ends is None:
        return DEFAULT_MINUTES, "its end time cannot be read; 60 minutes taken" if end_time else ""
    length = ((ends.hour - starts.hour) * 60 + ends.minute - starts.minute) % DAY_MINUTES
    for minutes in (length, (length + 12 * 60) % DAY_MINUTES):
        if 0 < minutes <= LONGEST_MINUTES:
            return minutes, "" if minutes == length else f"odd end time; {minutes} minutes taken"
    return DEFAULT_MINUTES, f"odd end time; {DEFAULT_MINUTES} minutes taken"


def _zone(text: str, given: str | None, warnings: list[str]) -> str:
    if not text:
        if given is None:
            raise _Skipped("no time zone: name one with --timezone")
        return given
    zone, is_guess = zone_of(text)
    if zone is None:
        raise _Skipped("unknown time zone")
    if is_guess:
        warnings.append(f"its time zone is told as {text[:40]}; {zone} taken")
    return zone


def _language(value: Any) -> str:
    """A language that is told as a tag; names of languages are told among the types."""
    text = plain(value[0] if isinstance(value, list) and value else value)
    return text if re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z0-9]{2,8}){0,2}", text) else ""


def _place(fields: dict[str, Any]) -> str:
    """Where it is listed, as finders want it: the last three parts of the address, without a street."""
    split = (plain(fields.get(name)) for name in ("city", "state", "country"))
    # Tables of the plugin have all of it in one column, which in a feed is the street.
    address = plain(fields.get("formatted_address")) or joined(split, ",") or plain(fields.get("address"))
    parts = [part for text in address.split(",") if (part := " ".join(text.split()))]
    return ", ".join(parts[-3:])[-255:].strip()

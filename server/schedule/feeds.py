"""Meeting Guide JSON, as the feeds really are: rows in, meetings or reasons out. Pure.

What is personal (contacts, authors, edit links, payment handles) is never read.
"""

import html
import re
from collections.abc import Iterator
from datetime import time
from typing import Any

from msgspec import Struct

from server.schedule.meetings import Meeting
from server.schedule.recurrence import Weekly, zone_name

DEFAULT_MINUTES = 60
LONGEST_MINUTES = 6 * 60  # what a feed's end time may say; beyond it is a slip of the pen
NAMES = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
UNSEEN = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


class Feed(Struct, frozen=True):
    """A feed, and what whoever imports it says of it."""

    source: str  # its file's name or its URL: by this and their slugs its meetings are known again
    timezone: str | None = None  # of rows that name none
    program: str = ""  # whose type codes they are
    online_only: bool = True


class Row(Struct, frozen=True):
    """What became of one row: a meeting and its slug there, or the reason why not. Rows count from 1."""

    number: int
    slug: str
    meeting: Meeting | None
    reason: str = ""
    warning: str = ""


class NotAFeed(ValueError):  # noqa: N818
    """The document is no list of meetings; the message says what it is instead."""


def rows(document: Any, feed: Feed) -> Iterator[Row]:
    """Every row of a feed in order. Raises `NotAFeed`."""
    listed = document.get("meetings") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise NotAFeed("Expected a list of meetings.")
    seen: set[str] = set()
    for number, row in enumerate(listed, start=1):
        if not isinstance(row, dict):
            yield Row(number, "", None, "not a meeting")
            continue
        slug = _text(row, "slug")
        reason = "no slug" if not slug else "this slug stands in the feed already" if slug in seen else ""
        seen.add(slug)
        try:
            meeting, warning = _meeting(row, feed) if not reason else (None, "")
        except _Skipped as skipped:
            meeting, warning, reason = None, "", skipped.args[0]
        yield Row(number, slug, meeting, reason, warning)


class _Skipped(Exception):  # noqa: N818
    pass


def _meeting(row: dict[str, Any], feed: Feed) -> tuple[Meeting, str]:
    name = _text(row, "name")
    if not name:
        raise _Skipped("no name")
    link, phone = _text(row, "conference_url"), _text(row, "conference_phone")
    if feed.online_only and not (link or phone):
        raise _Skipped("not online")
    if _text(row, "attendance_option").lower() == "inactive":
        raise _Skipped("inactive")
    days = _days(row.get("day"))
    starts, ends = _time(_text(row, "time") or _text(row, "start_time")), _time(_text(row, "end_time"))
    if not days or starts is None:
        raise _Skipped("no day and time: by appointment")
    zone = _zone(_text(row, "timezone"), feed.timezone)
    minutes, warning = _minutes(starts, ends)
    place = _text(row, "formatted_address") or ", ".join(
        part for key in ("city", "state", "country") if (part := _text(row, key))
    )
    meeting = Meeting(
        name=name[:255],
        timezone=zone,
        minutes=minutes,
        recurrence=Weekly(days, starts),
        description=_text(row, "notes")[:5000],
        types=_types(row.get("types")),
        program=feed.program,
        group=_text(row, "group")[:255],
        place=", ".join(place.split(", ")[-3:])[:255],
        link=link[:2000] if re.match(r"https?://[^\s/]", link, re.IGNORECASE) else "",
        phone=re.sub(r"[^0-9+,*#]", "", phone)[:64],
    )
    return meeting, warning


def _text(row: dict[str, Any], key: str) -> str:
    """A field as plain text: no tags, entities undone once, no invisible characters, no space at its ends."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = html.unescape(re.sub(r"<[^<>]*>", " ", str(value)))
    text = UNSEEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[^\S\n]+", " ", "".join(c for c in text if c == "\n" or c.isprintable() or c.isspace())).strip()


def _days(value: Any) -> tuple[int, ...]:
    """Days of the week, 0 being Sunday: from a number, a name, or a list of them; 7 is Sunday too."""
    days = []
    for day in value if isinstance(value, list) else [value]:
        text = str(day).strip().lower()
        if text.isdecimal() and int(text) <= 7 and not isinstance(day, bool):
            days.append(int(text) % 7)
        elif text in NAMES:
            days.append(NAMES.index(text))
    return tuple(sorted(set(days)))


def _time(text: str) -> time | None:
    """A time of day: `19:30`, `7:30 PM`, `19:30:00`."""
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*([ap])?\.?m?\.?", text.lower())
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _minutes(starts: time, ends: time | None) -> tuple[int, str]:
    """How long it lasts. An end before the start is on the next day, or was meant in the other half of the day."""
    if ends is None:
        return DEFAULT_MINUTES, ""
    length = ((ends.hour - starts.hour) * 60 + ends.minute - starts.minute) % (24 * 60)
    for minutes in (length, (length + 12 * 60) % (24 * 60)):
        if 0 < minutes <= LONGEST_MINUTES:
            return minutes, "" if minutes == length else "end time in the wrong half of the day"
    return DEFAULT_MINUTES, f"odd end time; {DEFAULT_MINUTES} minutes taken"


def _zone(text: str, given: str | None) -> str:
    if not text and given is None:
        raise _Skipped("no time zone: name one with --timezone")
    zone = zone_name(text) if text else given
    if zone is None:
        raise _Skipped("unknown time zone")
    return zone


def _types(value: Any) -> tuple[str, ...]:
    """Type codes in capitals. Of open and closed together closed holds: it is the safer one."""
    if isinstance(value, str):
        value = value.split(",")
    codes = dict.fromkeys(
        str(code).strip().upper()[:32] for code in (value if isinstance(value, list) else ()) if str(code or "").strip()
    )
    if "C" in codes:
        codes.pop("O", None)
    return tuple(codes)[:50]

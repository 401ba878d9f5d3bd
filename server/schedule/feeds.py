"""Meeting Guide JSON, as the feeds really are: rows in, meetings or reasons out. Pure.

What is personal (contacts, authors, edit links, payment handles) is never read.
"""

import html
import re
import unicodedata
from collections.abc import Iterator
from datetime import time
from typing import Any, Final

from msgspec import Struct

from server.schedule.meetings import Meeting
from server.schedule.recurrence import Weekly
from server.schedule.zones import zone_name

DEFAULT_MINUTES: Final = 60
LONGEST_MINUTES: Final = 6 * 60  # what a feed's end time may say; beyond it is a slip of the pen
LEAST_DIGITS: Final = 7  # of a phone number
MOST_ROWS: Final = 20_000
LONGEST_SLUG: Final = 255
DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
BLOCKS: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
BREAKS: Final = re.compile(r"<(br|/p|/div|/li|/h\d)\b[^<>]*>", re.IGNORECASE)
TAGS: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
NOT_WEEKLY: Final = re.compile(
    r"\b(every other|every second|alternate|1st|2nd|3rd|4th|first|second|third|fourth|last)"
    r" (week|wk|sun|mon|tue|wed|thu|fri|sat)|\b(bi-?weekly|monthly)\b",
    re.IGNORECASE,
)


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
    warnings: tuple[str, ...] = ()


class NotAFeed(ValueError):  # noqa: N818
    """The document is no list of meetings; the message says so to the operator."""


class _Skipped(Exception):  # noqa: N818
    """The row is no meeting that can be held here; the message says why."""


def rows(document: Any, feed: Feed) -> Iterator[Row]:
    """Every row of a feed in order. Raises `NotAFeed`."""
    listed = document.get("meetings") if isinstance(document, dict) else document
    if not isinstance(listed, list):
        raise NotAFeed("This is no feed: expected a list of meetings.")
    if len(listed) > MOST_ROWS:
        raise NotAFeed(f"The feed has {len(listed)} rows; expected at most {MOST_ROWS}.")
    seen: set[str] = set()
    for number, row in enumerate(listed, start=1):
        slug = _text(row, "slug") if isinstance(row, dict) else ""
        try:
            if not isinstance(row, dict):
                raise _Skipped("not a meeting")
            if not slug:
                raise _Skipped("no slug")
            if len(slug) > LONGEST_SLUG:
                raise _Skipped("the slug is too long")
            if slug in seen:
                raise _Skipped("an earlier row has the same slug")
            seen.add(slug)
            yield _row(number, slug, row, feed)
        except _Skipped as skipped:
            yield Row(number, slug[:LONGEST_SLUG], None, str(skipped))


def _row(number: int, slug: str, row: dict[str, Any], feed: Feed) -> Row:
    name = " ".join(_text(row, "name").split())
    if not name:
        raise _Skipped("no name")
    if _text(row, "attendance_option").lower() == "inactive":
        raise _Skipped("inactive")
    link, phone = _text(row, "conference_url"), re.sub(r"[^0-9+,*#]", "", _text(row, "conference_phone"))
    if feed.online_only and not link and not phone:
        raise _Skipped("not online: neither a link nor a phone number")
    days, starts = _days(row.get("day")), _time(_text(row, "time"))
    if not days or starts is None:
        raise _Skipped("no day and time, or none that can be read")
    minutes, odd_end = _minutes(starts, _text(row, "end_time"))
    notes = _text(row, "notes")
    meeting = Meeting(
        name=name[:255],
        timezone=_zone(_text(row, "timezone"), feed.timezone),
        minutes=minutes,
        recurrence=Weekly(days, starts),
        description=notes[:5000],
        types=_types(row.get("types")),
        program=feed.program,
        group=_text(row, "group")[:255],
        place=_place(row),
        link=_link(link),
        link_notes="\n".join(
            note for key in ("conference_url_notes", "conference_phone_notes") if (note := _text(row, key))
        )[:1000],
        phone=phone[:64] if len(re.findall(r"\d", phone)) >= LEAST_DIGITS else "",
    )
    warnings = [odd_end] if odd_end else []
    if link and not meeting.link:
        warnings.append("its link cannot be used")
    if phone and not meeting.phone:
        warnings.append("its phone number cannot be used")
    if NOT_WEEKLY.search(f"{name} {notes}"):
        warnings.append("perhaps not every week: look at its name and notes")
    return Row(number, slug, meeting, warnings=tuple(warnings))


def _text(row: dict[str, Any], key: str) -> str:
    """A field as plain text: no tags, entities undone once, no invisible characters, no space at its ends."""
    value = row.get(key)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = TAGS.sub("", BREAKS.sub("\n", BLOCKS.sub("", str(value))))
    text = unicodedata.normalize("NFC", html.unescape(text)).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in UNSEEN.sub("", text) if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return re.sub(r" *\n *", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def _days(value: Any) -> tuple[int, ...]:
    """Days of the week, 0 being Sunday: from a number, a name, or a list of them; 7 is Sunday too."""
    days = set()
    for day in value if isinstance(value, list) else [value]:
        text = str(day).strip().lower()
        if re.fullmatch(r"[0-7](\.0)?", text, re.ASCII):
            days.add(int(text[0]) % 7)
        elif text[:3] in DAYS:
            days.add(DAYS.index(text[:3]))
    return tuple(sorted(days))


def _time(text: str) -> time | None:
    """A time of day: `19:30`, `7:30 PM`, `19:30:00`."""
    match = re.fullmatch(r"(\d{1,2}):(\d\d)(?::\d\d)?(?:\s*([ap])\.?m\.?)?", text.lower(), re.ASCII)
    if match is None:
        return None
    hour, minute, half = int(match[1]), int(match[2]), match[3]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _minutes(starts: time, end_time: str) -> tuple[int, str]:
    """How long it lasts. An end before the start is on the next day, or was meant in the other half of the day."""
    ends = _time(end_time)
    if ends is None:
        return DEFAULT_MINUTES, "its end time cannot be read; 60 minutes taken" if end_time else ""
    length = ((ends.hour - starts.hour) * 60 + ends.minute - starts.minute) % (24 * 60)
    for minutes in (length, (length + 12 * 60) % (24 * 60)):
        if 0 < minutes <= LONGEST_MINUTES:
            return minutes, "" if minutes == length else f"odd end time; {minutes} minutes taken"
    return DEFAULT_MINUTES, f"odd end time; {DEFAULT_MINUTES} minutes taken"


def _zone(text: str, given: str | None) -> str:
    zone = zone_name(text) if text else given
    if zone is None:
        raise _Skipped("unknown time zone" if text else "no time zone: name one with --timezone")
    return zone


def _types(value: Any) -> tuple[str, ...]:
    """Type codes in capitals. Of open and closed together closed holds: it is the safer one."""
    listed = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    codes = dict.fromkeys(code for it in listed if (code := str(it if it is not None else "").strip().upper()[:32]))
    if "C" in codes:
        codes.pop("O", None)
    return tuple("12x12" if code == "12X12" else code for code in codes)[:50]


def _place(row: dict[str, Any]) -> str:
    """Where it is listed, as finders want it: the last three parts of the address, without a street."""
    address = _text(row, "formatted_address") or ",".join(_text(row, key) for key in ("city", "state", "country"))
    parts = [part for text in address.split(",") if (part := text.strip())]
    return ", ".join(parts[-3:])[-255:]


def _link(text: str) -> str:
    """The link as a browser can follow it; nothing if it is none. Some come doubled, or without their beginning."""
    match = re.search(r"(https?)://(?!.*https?:)([^\s/?#.]+\.[^\s]+)$", text, re.IGNORECASE)
    if match is not None:
        return f"{match[1].lower()}://{match[2]}"[:2000]
    is_bare = re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", text, re.IGNORECASE)
    return f"https://{text}"[:2000] if is_bare else ""

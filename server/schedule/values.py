"""Values as feeds have them, read as what their writers meant: text, days, times, zones, types, links. Pure."""

import html
import re
import unicodedata
from collections.abc import Iterable
from datetime import time
from functools import cache
from typing import Any, Final

from babel.core import get_global
from babel.dates import get_day_names

from server.schedule.zones import zone_name

DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
ENGLISH_DAY: Final = re.compile(r"(su|mo|tu|we|th|fr|sa|(sun|mon|tues?|wed(nes)?|thu(rs?)?|fri|sat(ur)?)(day)?s?)\.?")
LOCALES: Final = ("es", "fr", "de", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "ru")
TOGETHER: Final = {
    **dict.fromkeys(("daily", "everyday", "every day", "all", "7 days"), range(7)),
    "weekdays": range(1, 6),
    "weekends": (0, 6),
    "weekend": (0, 6),
}
# What people in a place call its time, summer and winter; the tz database knows some of them as other rules.
TOLD_ZONES: Final = {
    **dict.fromkeys(("et", "est", "edt", "eastern", "eastern time"), "America/New_York"),
    **dict.fromkeys(("ct", "cst", "cdt", "central", "central time"), "America/Chicago"),
    **dict.fromkeys(("mt", "mdt", "mountain", "mountain time"), "America/Denver"),
    **dict.fromkeys(("pt", "pst", "pdt", "pacific", "pacific time"), "America/Los_Angeles"),
    **dict.fromkeys(("bst", "uk", "uk time"), "Europe/London"),
    **dict.fromkeys(("akst", "akdt", "alaska time"), "America/Anchorage"),
    **dict.fromkeys(("aest", "aedt"), "Australia/Sydney"),
    **dict.fromkeys(("nzst", "nzdt"), "Pacific/Auckland"),
    "cest": "Europe/Paris",
}
UNSEEN: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
BLOCKS: Final = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.IGNORECASE)
BREAKS: Final = re.compile(r"<(br|/p|/div|/li|/h\d)\b[^<>]*>", re.IGNORECASE)
TAGS: Final = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
EMAIL: Final = re.compile(r"[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b", re.IGNORECASE)
CALLED: Final = re.compile(  # a number is somebody's where one is asked to call or to write to it, and else a meeting's
    r"\b(call|text|phone|tel|contact|whatsapp|sms|cell|mobile)(\b[^\n\d+(]{0,40})(\+?\(?\d[\d\s().-]{7,18}\d)",
    re.IGNORECASE,
)
PROVIDERS: Final = (
    "zoom.us",
    "meet.google.com",
    "meet.jit.si",
    "teams.microsoft.com",
    "teams.live.com",
    "webex.com",
    "gotomeeting.com",
    "gotomeet.me",
    "goto.com",
    "freeconferencecall.com",
    "freeconference.com",
    "skype.com",
    "bluejeans.com",
    "zoho.com",
    "meetings.dialpad.com",
    "discord.gg",
    "signal.group",
)


def plain(value: Any) -> str:
    """A value as plain text: no tags, entities undone once, no invisible characters, no space at its ends."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        text = TAGS.sub("", BREAKS.sub("\n", BLOCKS.sub("", str(value))))
    except ValueError:  # a number of more digits than Python writes down
        return ""
    text = unicodedata.normalize("NFC", html.unescape(text)).replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(c for c in UNSEEN.sub("", text) if c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"})
    return re.sub(r" *\n *", "\n", re.sub(r"[^\S\n]+", " ", text)).strip()


def without_people(text: str) -> str:
    """The text without addresses and numbers by which a person is reached."""
    return CALLED.sub(r"\1\2[removed]", EMAIL.sub("[removed]", text))


def days_of_week(value: Any) -> tuple[int, ...]:
    """Days of the week, 0 being Sunday: from a number, a name, a list or a span of them; 7 is Sunday too."""
    days: set[int] = set()
    if isinstance(value, str) and value.strip().startswith("["):  # a list that was written into a cell
        value = value.strip().strip("[]").replace('"', "").replace("'", "")
    for item in value if isinstance(value, list) else [value]:
        text = plain(item).lower()
        days.update(TOGETHER.get(text, ()))
        for part in re.split(r"[,/;&+]|\band\b", text):
            ends = [_day(end.strip()) for end in re.split(r"\s*(?:-|–|\bto\b|\bthrough\b)\s*", part.strip())]
            first, last = ends[0], ends[-1]
            if len(ends) <= 2 and first is not None and last is not None:
                days.update((first + n) % 7 for n in range((last - first) % 7 + 1))
    return tuple(sorted(days))


def _day(text: str) -> int | None:
    if re.fullmatch(r"[0-7](\.0)?", text, re.ASCII):
        return int(text[0]) % 7
    if ENGLISH_DAY.fullmatch(text):
        return next(day for day, name in enumerate(DAYS) if text.startswith(name[:2]))
    return _other_days().get(text)


@cache
def _other_days() -> dict[str, int]:
    """The names of the days in other languages, where they mean the same in all."""
    named: dict[str, set[int]] = {}
    for locale in LOCALES:
        for from_monday, name in get_day_names("wide", locale=locale).items():
            for spelt in {name.lower(), name.lower().removesuffix("-feira")}:
                named.setdefault(spelt, set()).add((from_monday + 1) % 7)
    return {name: days.pop() for name, days in named.items() if len(days) == 1}


def time_of_day(text: str) -> time | None:
    """A time of day: `19:30`, `7:30 PM`, `7pm`, `19h30`, `1930`, `19:30:00`, `noon`.

    `24:00` is the midnight at the day's end: `is_next_day` tells.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = re.sub(r"^12 (?=noon|midday|midnight)", "", text)
    text = {"noon": "12:00", "midday": "12:00", "midnight": "00:00"}.get(text, text)
    text = "00:00" if is_next_day(text) else re.sub(r"^(\d\d)(\d\d)$", r"\1:\2", text, flags=re.ASCII)
    match = re.fullmatch(
        r"(\d{1,2})(?:[:.h](\d\d)(?::\d\d(?:\.0+)?)?)?(?:\s*([ap])\.?\s?m?\.?|(?:\s*(uhr|h)))?", text, re.ASCII
    )
    if match is None or not (match[2] or match[3] or match[4]):
        return None
    hour, minute, half = int(match[1]), int(match[2] or 0), match[3]
    if half is not None:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def is_next_day(text: str) -> bool:
    """Whether it is the midnight with which a day ends."""
    return re.fullmatch(r"24[:.h]?00(:00)?", text) is not None


def span(text: str) -> tuple[str, str]:
    """What may be two times, taken apart: `7:00 PM - 8:00 PM`. A date before them is left out."""
    text = re.sub(r"^\d{4}-\d\d-\d\d[Tt ]", "", text)
    first, _, second = re.sub(r"\s*(?:-|–|—|\bto\b)\s*", "\n", text, count=1).partition("\n")
    return first, second


def zone_of(text: str) -> tuple[str | None, bool]:
    """The zone that is meant, and whether that had to be guessed from what people call it."""
    plainly = text.strip().lower()
    told = TOLD_ZONES.get(re.sub(r"\s*\(.*\)$|^us/", "", plainly)) if "/" not in plainly else None
    if told is None and plainly not in {"utc", "gmt"}:
        told = _windows_zones().get(plainly)
    return (told, True) if told is not None else (zone_name(text), False)


@cache
def _windows_zones() -> dict[str, str]:
    return {name.lower(): zone for name, zone in get_global("windows_zone_mapping").items() if "Standard Time" in name}


def type_codes(value: Any, named: dict[str, str]) -> tuple[str, ...]:
    """Type codes in capitals, from codes or from names (`named`: the codes by them, in lower case).

    Of open and closed together closed holds: it is the safer one.
    """
    listed = value if isinstance(value, list) else []
    if isinstance(value, str):
        value = re.sub(r'^\[|\]$|"', "", value.strip())  # a list that was written into a cell
        listed = re.split(r"[,;|\n]", html.unescape(value))
    codes = dict.fromkeys(code for it in listed if (code := _code(plain(it), named)))
    if "C" in codes:
        codes.pop("O", None)
    return tuple(codes)[:50]


def _code(text: str, named: dict[str, str]) -> str:
    text = " ".join(text.split())
    if (code := named.get(text.lower())) is not None:
        return code
    code = text[:32].strip() if " " in text else text.upper()[:32]
    return "12x12" if code == "12X12" else code


def link_in(text: str) -> str:
    """The link as a browser can follow it; nothing if it is none. Some come doubled, or without their beginning."""
    text = re.sub(r"\b(https?)(:/|//)(?=[^/])", r"\1://", text.strip(), flags=re.IGNORECASE)
    for word in text.split():
        match = re.search(r"(https?)://(?!.*https?:)([^\s/?#.]+\.[^\s]+)$", word, re.IGNORECASE)
        if match is not None:
            return f"{match[1].lower()}://{match[2]}"[:2000]
    is_bare = re.fullmatch(r"([a-z0-9-]+\.)+[a-z]{2,}(/\S*)?", text, re.IGNORECASE)
    return f"https://{text}"[:2000] if is_bare else ""


def room_in(notes: str) -> str:
    """A link to a room of one of the well-known providers that stands in free text."""
    for found in re.findall(r"https?://[^\s<>\"'()]{4,1000}", notes, re.IGNORECASE):
        host = re.sub(r"[:/?#].*$", "", found.partition("://")[2].lower())
        if any(host == known or host.endswith(f".{known}") for known in PROVIDERS):
            return link_in(found.rstrip(".,;!"))
    return ""


def joined(parts: Iterable[str], separator: str) -> str:
    return separator.join(part for part in parts if part)

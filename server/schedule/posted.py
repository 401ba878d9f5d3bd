"""A meeting as somebody posts it, and as the API shows it: docs/protocol.md, "HTTP". Pure."""

import re
from datetime import datetime, time
from typing import Annotated, Any

import msgspec
from dateutil.rrule import rrulestr
from msgspec import UNSET, Meta, Struct, UnsetType

from config import formats
from rooms.formats import Format
from server.schedule.meetings import SLUG, Meeting, Stored
from server.schedule.recurrence import Now, Once, Recurrence, Rule, Weekly, zone_name

MOST_MINUTES = 24 * 60

Text = Annotated[str, Meta(max_length=255)]
Type = Annotated[str, Meta(min_length=1, max_length=32)]  # a Meeting Guide code
LongText = Annotated[str, Meta(max_length=5000)]


class Wrong(Exception):  # noqa: N818
    """What was posted is wrong: a code, a sentence, and the dotted path of the field."""

    def __init__(self, code: str, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.field, self.status = code, message, field, status


class Posted(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The body of `POST /api/meetings`, and any part of it for `PATCH`."""

    name: Annotated[str, Meta(min_length=1, max_length=255)] | UnsetType = UNSET
    timezone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    minutes: Annotated[float, Meta(gt=0, le=MOST_MINUTES)] | UnsetType = UNSET
    day: Annotated[int, Meta(ge=0, le=6)] | UnsetType = UNSET
    time: Annotated[str, Meta(max_length=8)] | UnsetType = UNSET
    rrule: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET
    dtstart: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    once: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    now: bool | UnsetType = UNSET
    slug: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    description: LongText | UnsetType = UNSET
    types: Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=32)], ...], Meta(max_length=50)] | UnsetType = (
        UNSET
    )
    format: Annotated[str, Meta(max_length=64)] | Format | UnsetType = UNSET
    passcode: Annotated[str, Meta(max_length=128)] | UnsetType | None = UNSET
    listed: bool | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=35)] | UnsetType = UNSET
    group: Text | UnsetType = UNSET
    place: Text | UnsetType = UNSET
    program: Text | UnsetType = UNSET
    renew: Annotated[tuple[str, ...], Meta(max_length=4)] | UnsetType = UNSET


WHEN = ("day", "time", "rrule", "dtstart", "once", "now")
KEPT = ("description", "types", "program", "listed", "language", "group", "place")

_decode = msgspec.json.Decoder(Posted).decode


def posted(body: bytes) -> Posted:
    """The body of a request. Raises `Wrong`."""
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        if "unknown field" in message:
            path = path or message.rpartition("`")[0].rpartition("`")[2]
        field = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path.rstrip("`")) or None
        raise Wrong("invalid", f"{message}.", field) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Wrong("bad_json", "The body is no valid JSON.") from None


def new_meeting(body: Posted, now: int) -> Meeting:
    """The meeting that was posted at `now` (ms). Raises `Wrong`."""
    for required in ("name", "timezone", "minutes"):
        if getattr(body, required) is UNSET:
            raise Wrong("required", f"`{required}` is needed.", required)
    return _checked(body, {}, now)


def changed(meeting: Meeting, body: Posted, now: int) -> Meeting:
    """The meeting with what was posted instead of what it had. Raises `Wrong`."""
    if body.slug is not UNSET:
        raise Wrong("not_allowed", "A meeting keeps its slug for life.", "slug")
    return _checked(body, {name: getattr(meeting, name) for name in Meeting.__struct_fields__}, now)


def _checked(body: Posted, values: dict[str, Any], now: int) -> Meeting:
    for name in KEPT:
        if (value := getattr(body, name)) is not UNSET:
            values[name] = value
    if body.name is not UNSET:
        values["name"] = body.name.strip()
        if not values["name"]:
            raise Wrong("required", "A meeting needs a name.", "name")
    if body.timezone is not UNSET:
        zone = zone_name(body.timezone)
        if zone is None:
            raise Wrong("no_such_zone", "There is no such time zone; expected one like Europe/Berlin.", "timezone")
        values["timezone"] = zone
    if body.minutes is not UNSET:
        values["minutes"] = body.minutes
    if body.format is not UNSET:
        if isinstance(body.format, str) and body.format not in formats.shipped():
            raise Wrong("no_such_format", f"Expected one of {', '.join(sorted(formats.shipped()))}.", "format")
        values["format"] = body.format
    if any(getattr(body, name) is not UNSET for name in WHEN) or "recurrence" not in values:
        values["recurrence"] = _recurrence(body, now)
    return Meeting(**values)


def _recurrence(body: Posted, now: int) -> Recurrence:
    given = {name for name in WHEN if getattr(body, name) not in {UNSET, False}}
    if given == {"now"}:
        return Now(now)
    if given == {"once"}:
        return Once(_local(str(body.once), "once"))
    if given == {"day", "time"} and body.day is not UNSET:
        return Weekly((body.day,), _time_of_day(str(body.time)))
    if given == {"rrule", "dtstart"}:
        return _rule(str(body.rrule), _local(str(body.dtstart), "dtstart"))
    field = next(iter(sorted(given)), "day")
    raise Wrong("when", "Say when: day and time, or once, or now, or rrule and dtstart; one of them.", field)


def _time_of_day(text: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise Wrong("invalid", "Expected a time of day, HH:MM.", "time")
    return time.fromisoformat(text)


def _local(text: str, field: str) -> datetime:
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None or not 1970 <= local.year <= 9000:
        raise Wrong("invalid", "Expected a local date and time, like 2026-10-28T19:00.", field)
    return local


def _rule(rrule: str, dtstart: datetime) -> Rule:
    text = rrule.removeprefix("RRULE:")
    if not re.fullmatch(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)(;[A-Z]+=[A-Z0-9,+-]+)*", text):
        raise Wrong("invalid", "Expected a rule like FREQ=MONTHLY;BYDAY=1TU.", "rrule")
    try:
        next(iter(rrulestr(text, dtstart=dtstart)), None)
    except (ValueError, TypeError, OverflowError):
        raise Wrong("invalid", "Expected a rule like FREQ=MONTHLY;BYDAY=1TU.", "rrule") from None
    return Rule(text, dtstart)


def shown(stored: Stored, next_: dict[str, Any] | None) -> dict[str, Any]:
    """The meeting as the API shows it: its fields as posted, less secrets, and its next occurrence."""
    it = stored.meeting
    fields: dict[str, Any] = {"slug": stored.slug, "name": it.name, "timezone": it.timezone, "minutes": it.minutes}
    fields |= {name: getattr(it, name) for name in KEPT} | {"format": it.format}
    match it.recurrence:
        case Weekly(days=days, time=at):
            fields |= {"day": days[0] if len(days) == 1 else list(days), "time": at.strftime("%H:%M")}
        case Rule(rrule=rrule, dtstart=dtstart):
            fields |= {"rrule": rrule, "dtstart": dtstart.isoformat(timespec="minutes")}
        case Once(at=at):
            fields |= {"once": at.isoformat(timespec="minutes")}
        case Now():
            fields |= {"now": True}
    return fields | {"has_passcode": stored.secrets.needs_passcode, "next": next_}


def slug_of(name: str, taken: set[str]) -> str:
    """A slug from a name, or from another slug that will not do: lower case, `-` for the rest, distinguished."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64].strip("-") or "meeting"
    if slug not in taken and SLUG.fullmatch(slug):
        return slug
    ends = (f"-{n}" for n in range(2, len(taken) + 3))
    return next(made for end in ends if (made := slug[: 64 - len(end)] + end) not in taken)

"""A meeting as somebody posts it, and as the API shows it: docs/protocol.md, "HTTP". Pure."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from config import formats
from rooms.formats import Format, Phase
from server.schedule.meetings import SLUG, Meeting, Stored
from server.schedule.recurrence import (
    FRESH_AT,
    Always,
    Change,
    Now,
    Once,
    Recurrence,
    Rule,
    Weekly,
    has_date,
    planned,
)
from server.schedule.rrule import HORIZON, pattern
from server.schedule.zones import zone_name

MOST_MINUTES: Final = 24 * 60
MOST_CHANGES: Final = 200
CHANGES_KEPT: Final = timedelta(days=400)  # calendars go on to hear of them for so long

Day = Annotated[int, Meta(ge=0, le=6)]
Text = Annotated[str, Meta(max_length=255)]


class PostedPhase(Phase, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A phase in which no field may be misspelt."""


class PostedFormat(Format, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A format in which no field may be misspelt."""

    phase: Annotated[tuple[PostedPhase, ...], Meta(min_length=1, max_length=50)]


class PostedChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is different about one date; with nothing but the date, all is as usual again."""

    date: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
    cancelled: bool = False
    moved_to: Annotated[str, Meta(max_length=32)] = ""
    note: Annotated[str, Meta(max_length=1000)] = ""


class Posted(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /api/meetings`, and any part of it for `PATCH`."""

    name: Text | UnsetType = UNSET
    timezone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    minutes: Annotated[int, Meta(gt=0, le=MOST_MINUTES)] | Annotated[float, Meta(gt=0, le=MOST_MINUTES)] | UnsetType = (
        UNSET
    )
    day: Day | Annotated[tuple[Day, ...], Meta(min_length=1, max_length=7)] | UnsetType = UNSET
    time: Annotated[str, Meta(max_length=8)] | UnsetType = UNSET
    rrule: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    dtstart: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    once: Annotated[str, Meta(max_length=32)] | UnsetType = UNSET
    now: bool | UnsetType = UNSET
    always: bool | UnsetType = UNSET
    fresh_at: Annotated[str, Meta(max_length=8)] | UnsetType = UNSET
    changes: Annotated[tuple[PostedChange, ...], Meta(max_length=MOST_CHANGES)] | UnsetType = UNSET
    paused: bool | UnsetType = UNSET
    slug: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=5000)] | UnsetType = UNSET
    types: (
        Annotated[tuple[Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,32}$")], ...], Meta(max_length=50)] | UnsetType
    ) = UNSET
    format: Annotated[str, Meta(max_length=64)] | PostedFormat | UnsetType = UNSET
    passcode: Annotated[str, Meta(max_length=128)] | UnsetType | None = UNSET
    listed: bool | UnsetType = UNSET
    language: Annotated[str, Meta(pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3})?$")] | UnsetType = UNSET
    group: Text | UnsetType = UNSET
    place: Text | UnsetType = UNSET
    program: Text | UnsetType = UNSET
    renew: Annotated[tuple[str, ...], Meta(max_length=4)] | UnsetType = UNSET


WHEN: Final = (("day", "time"), ("rrule", "dtstart"), ("once",), ("now",), ("always", "fresh_at"))
USUAL: Final = {"fresh_at": FRESH_AT.strftime("%H:%M")}  # of what need not be said
AS_POSTED: Final = ("types", "listed", "language")
TEXTS: Final = ("name", "group", "place", "program", "description")  # the last one may have several lines
OVERRIDES: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

_decode = msgspec.json.Decoder(Posted).decode


class Wrong(Exception):  # noqa: N818
    """What was posted is wrong: a code, a sentence, and the dotted path of the field."""

    def __init__(self, code: str, message: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.field, self.status = code, message, field, status


def posted(body: bytes) -> Posted:
    """The body of a request. Raises `Wrong`."""
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        field = re.sub(r"\[(\d+)\]", r".\1", path.rstrip("`")).strip(".")
        if named := re.search(r"(?:unknown|required) field `(.+)`$", message):
            field = f"{field}.{named[1]}".strip(".")
        raise Wrong("invalid", f"{message}.", field or None) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Wrong("bad_json", "The body is no valid JSON.") from None


def new_meeting(body: Posted, now: int) -> Meeting:
    """The meeting that was posted at `now` (ms). Raises `Wrong`."""
    for required in ("name", "timezone", "minutes"):
        if getattr(body, required) is UNSET and not (required == "minutes" and body.always is True):
            raise Wrong("required", f"`{required}` is needed.", required)
    if body.slug is not UNSET and not SLUG.fullmatch(body.slug):
        raise Wrong("invalid", "Expected 1 to 64 of the characters a-z, 0-9 and -.", "slug")
    return _checked(body, {}, now)


def changed(meeting: Meeting, body: Posted, now: int) -> Meeting:
    """The meeting with what was posted instead of what it had. Raises `Wrong`."""
    if body.slug is not UNSET:
        raise Wrong("not_allowed", "A meeting keeps its slug for life.", "slug")
    return _checked(body, msgspec.structs.asdict(meeting), now)


def _checked(body: Posted, values: dict[str, Any], now: int) -> Meeting:
    values |= {name: value for name in AS_POSTED if (value := getattr(body, name)) is not UNSET}
    for name in TEXTS:
        if isinstance(text := getattr(body, name), str):
            values[name] = _clean(text, name)
    if not values["name"]:
        raise Wrong("required", "A meeting needs a name.", "name")
    _clean(body.passcode or "", "passcode")
    if body.passcode and not body.passcode.strip():
        raise Wrong("invalid", "The passcode has nothing in it.", "passcode")
    if body.timezone is not UNSET:
        values["timezone"] = zone_name(body.timezone)
        if values["timezone"] is None:
            raise Wrong("no_such_zone", "There is no such time zone; expected one like Europe/Berlin.", "timezone")
    if body.minutes is not UNSET:
        values["minutes"] = body.minutes
    if body.format is not UNSET:
        if isinstance(body.format, str) and body.format not in formats.shipped():
            raise Wrong("no_such_format", f"Expected one of {', '.join(sorted(formats.shipped()))}.", "format")
        values["format"] = body.format
    before = values.get("recurrence")
    given = {name for kind in WHEN for name in kind if getattr(body, name) not in (UNSET, None)}
    given -= {name for name in ("now", "always") if getattr(body, name) is False}
    if given or before is None:
        values["recurrence"] = _recurrence(body, given, before, now)
    if isinstance(values["recurrence"], Always):
        values["minutes"] = MOST_MINUTES
    elif isinstance(before, Always) and body.minutes is UNSET:
        raise Wrong("required", "Say how long it lasts now.", "minutes")
    if body.paused is not UNSET:
        values["is_paused"] = body.paused
    values["changes"] = _changes(body, values.get("changes", ()), values["recurrence"], now)
    meeting = Meeting(**values)
    if given and not isinstance(meeting.recurrence, Now):
        _check_comes(meeting, now)
    return meeting


def _changes(body: Posted, before: tuple[Change, ...], recurrence: Recurrence, now: int) -> tuple[Change, ...]:
    """The changes from before, of dates that there still are, and those that were posted instead of theirs."""
    latest = datetime.fromtimestamp(now / 1000, UTC).date() - CHANGES_KEPT
    changes = {it.date: it for it in before if it.date > latest and has_date(recurrence, it.date)}
    for place, posted in enumerate(body.changes or ()):
        field = f"changes.{place}"
        try:
            day = date.fromisoformat(posted.date)
        except ValueError:
            raise Wrong("invalid", "Expected a date, like 2026-12-24.", f"{field}.date") from None
        if posted.cancelled and posted.moved_to:
            raise Wrong("invalid", "A date is either cancelled or moved, not both.", f"{field}.moved_to")
        moved_to = _local(posted.moved_to, f"{field}.moved_to") if posted.moved_to else None
        note = _clean(posted.note, f"{field}.note")
        changes.pop(day, None)
        if posted.cancelled or moved_to or note:
            if day <= latest or not has_date(recurrence, day):
                raise Wrong("no_such_date", "The meeting does not take place on that day.", f"{field}.date")
            changes[day] = Change(date=day, cancelled=posted.cancelled, moved_to=moved_to, note=note)
    if len(changes) > MOST_CHANGES:
        raise Wrong("too_many", f"Expected changes of at most {MOST_CHANGES} dates.", "changes")
    return tuple(changes[day] for day in sorted(changes))


def _clean(text: str, field: str) -> str:
    """The text in NFC, without space at its ends. Raises `Wrong` for what cannot be shown."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip()
    lines = "\n\t" if field.endswith(("description", "note")) else ""
    if any((unicodedata.category(c) in {"Cc", "Cs"} and c not in lines) or c in OVERRIDES for c in text):
        raise Wrong("invalid", "There is a character in it that cannot be shown.", field)
    return text


def _recurrence(body: Posted, given: set[str], before: Recurrence | None, now: int) -> Recurrence:
    """What was given, and of the same kind of rule what the meeting had before."""
    had = _when(before) if before is not None else {}
    kind = next((kind for kind in WHEN if given and given <= set(kind)), None)
    if kind is None or not all(name in given or name in had or name in USUAL for name in kind):
        message = "Say when: day and time, or rrule and dtstart, or once, or always, or now; one of them."
        raise Wrong("when", message, min(given, default="day"))
    values = USUAL | had | {name: getattr(body, name) for name in given}
    match kind[0]:
        case "day":
            days = values["day"] if isinstance(values["day"], tuple | list) else (values["day"],)
            return Weekly(tuple(sorted(set(days))), _time_of_day(values["time"], "time"))
        case "rrule":
            return _rule(values["rrule"], _local(values["dtstart"], "dtstart"))
        case "once":
            return Once(_local(values["once"], "once"))
        case "always":
            return Always(_time_of_day(values["fresh_at"], "fresh_at"))
        case _:
            return Now(now)


def _time_of_day(text: str, field: str) -> time:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text, re.ASCII):
        raise Wrong("invalid", "Expected a time of day, HH:MM.", field)
    return time.fromisoformat(text)


def _local(text: str, field: str) -> datetime:
    if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?", text, re.ASCII):
        try:
            local = datetime.fromisoformat(text)
        except ValueError:
            pass
        else:
            if 1980 <= local.year < HORIZON.year:
                return local
    raise Wrong("invalid", "Expected a local date and time, like 2026-10-28T19:00.", field)


def _rule(text: str, dtstart: datetime) -> Rule:
    text = text.upper().removeprefix("RRULE:")
    try:
        pattern(text)
    except ValueError as error:
        raise Wrong("invalid", f"{error}.", "rrule") from None
    return Rule(text, dtstart)


def _check_comes(meeting: Meeting, now: int) -> None:
    first = planned(meeting.recurrence, meeting.timezone, meeting.changes, now - meeting.length)
    if next(first, None) is None:
        field = "once" if isinstance(meeting.recurrence, Once) else "rrule"
        raise Wrong("past", "This is over already: no date is left.", field)


def _when(recurrence: Recurrence) -> dict[str, Any]:
    """The fields that say when."""
    match recurrence:
        case Weekly(days=days, time=at):
            return {"day": days[0] if len(days) == 1 else days, "time": at.strftime("%H:%M")}
        case Rule(rrule=rrule, dtstart=dtstart):
            return {"rrule": rrule, "dtstart": _written(dtstart)}
        case Once(at=at):
            return {"once": _written(at)}
        case Always(fresh_at=at):
            return {"always": True, "fresh_at": at.strftime("%H:%M")}
        case Now():
            return {"now": True}


def _written(local: datetime) -> str:
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def shown(stored: Stored, next_: dict[str, Any] | None) -> dict[str, Any]:
    """The meeting as the API shows it: its fields as posted, less secrets, and its next occurrence."""
    it = stored.meeting
    fields: dict[str, Any] = {"slug": stored.slug, "name": it.name, "timezone": it.timezone, "minutes": it.minutes}
    fields |= _when(it.recurrence) | {name: getattr(it, name) for name in (*TEXTS[1:], *AS_POSTED, "format")}
    fields |= {"paused": it.is_paused, "changes": [_shown_change(change) for change in it.changes]}
    fields |= {name: value for name in ("link", "link_notes", "phone") if (value := getattr(it, name))}
    return fields | {"has_passcode": stored.secrets.needs_passcode, "next": next_}


def _shown_change(change: Change) -> dict[str, Any]:
    given = {
        "cancelled": change.cancelled,
        "moved_to": change.moved_to and _written(change.moved_to),
        "note": change.note,
    }
    return {"date": change.date.isoformat()} | {name: value for name, value in given.items() if value}

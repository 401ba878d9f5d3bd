"""A meeting in a form: the fields as they are shown, and what they say as the API would have it posted. Pure."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

import msgspec

from config import formats
from rooms.formats import Format, Words
from server.pages.agenda_form import Row, is_placeholder, number, phases_of, rows_in, rows_of
from server.pages.forms import Form
from server.pages.saying import DAYS, NTH, minutes_of, nth_weekday, weeks_between
from server.schedule.meetings import Meeting
from server.schedule.posted import Posted, Wrong, posted
from server.schedule.recurrence import Always, Once, Recurrence, Rule, Weekly
from server.schedule.zones import zone_name

OWN: Final = "own"  # the agenda that the meeting has, and no shipped format
AS_IT_IS: Final = "as-it-is"
USUAL_MINUTES: Final = 60
# Fields of the wire, by the field of the form beside which it is told what is wrong with them.
TOLD_AT: Final = {"rrule": "often", "dtstart": "date", "once": "date", "when": "often", "phase": "format"}
IN_ROWS: Final = {"share_seconds": "share", "seconds": "minutes"}

# What a group may call its things, by the usual word.
OWN_WORDS: Final = {field.name: get_args(field.type) for field in msgspec.structs.fields(Words)}

Fields = dict[str, str | list[str]]


def fields_of_new(wanted: str = "") -> Fields:
    """A new meeting's form at first."""
    return {
        "format": wanted if wanted in formats.shipped() else formats.DEFAULT,
        "often": "weekly",
        "listed": "yes",
    }


def fields_of(meeting: Meeting) -> Fields:
    """The form of a meeting that there is."""
    fields: Fields = {
        "name": meeting.name,
        "description": meeting.description,
        "timezone": meeting.timezone,
        "minutes": f"{meeting.minutes:g}",
        "listed": "yes" if meeting.listed else "no",
        "language": meeting.language,
        "program": meeting.program,
        "group": meeting.group,
        "place": meeting.place,
        "types": list(meeting.types),
        "format": meeting.format if isinstance(meeting.format, str) else OWN,
        "passcode_is": "kept",
    }
    return fields | _when_fields(meeting.recurrence)


def _when_fields(recurrence: Recurrence) -> Fields:
    match recurrence:
        case Weekly(days=days, time=at):
            return {"often": "weekly", "day": [str(day) for day in days], "time": at.strftime("%H:%M")}
        case Once(at=moment):
            return {"often": "once", "date": moment.date().isoformat(), "time": moment.strftime("%H:%M")}
        case Always():
            return {"often": "always"}
        case Rule(dtstart=first):
            clock = first.strftime("%H:%M")
            if every := weeks_between(recurrence):
                return {"often": "weeks", "weeks": str(every), "date": first.date().isoformat(), "time": clock}
            if found := nth_weekday(recurrence):
                return {"often": "monthly", "nth": found[0], "weekday": str(found[1]), "time": clock}
    return {"often": AS_IT_IS}


def base_of(form: Form, meeting: Meeting | None) -> Format:
    """The format that the form's agenda began with."""
    shipped = formats.shipped()
    name = form.get("agenda_of") or form.get("format")
    if meeting is not None and name not in shipped:
        return meeting.rules
    return shipped.get(name, shipped[formats.DEFAULT])


def agenda_in(form: Form, meeting: Meeting | None) -> list[Row]:
    """The agenda's rows as they were typed; those of the chosen format if it was not opened for changes."""
    return rows_in(form) if form.has("agenda_of") else rows_of(base_of(form, meeting))


def posted_in(form: Form, now: int, meeting: Meeting | None = None) -> Posted | None:
    """What the form says; `meeting` is the one that it changes. None if something is wrong, which the form tells."""
    body: dict[str, Any] = {
        name: form.get(name) for name in ("name", "description", "language", "program", "group", "place")
    }
    body["types"] = form.all("types")
    body["listed"] = form.get("listed") == "yes"
    if not form.text("name"):
        form.refuse("wrong.name", "name")
    body["timezone"] = form.get("timezone")
    body |= _when_in(form, now)
    if zone_name(form.get("timezone")) is None:
        form.refuse("wrong.timezone", "timezone")
    body["format"] = _format_in(form, meeting)
    minutes = number(form.get("minutes"), form, "minutes")
    body["minutes"] = minutes or _usual_minutes(body["format"])
    if meeting is None:
        if passcode := form.text("passcode"):
            body["passcode"] = passcode
    elif form.get("passcode_is") == "none":
        body["passcode"] = None
    elif form.get("passcode_is") == "new":
        body["passcode"] = form.text("passcode")
        if not body["passcode"]:
            form.refuse("wrong.passcode", "passcode")
    if form.wrong:
        return None
    try:
        return posted(msgspec.json.encode(body))
    except Wrong as wrong:
        form.refuse(wrong, field_of(wrong.field))
        return None


def field_of(path: str | None) -> str:
    """The form's field for a dotted path of the wire: `phase.2.minutes` for `format.phase.2.seconds`."""
    parts = (path or "").removeprefix("format.").split(".")
    if parts[0] == "phase" and len(parts) == 3:
        return f"phase.{parts[1]}.{IN_ROWS.get(parts[2], parts[2])}"
    return ".".join(parts) if parts[0] == "words" else TOLD_AT.get(parts[0], parts[0])


def _when_in(form: Form, now: int) -> dict[str, Any]:
    often, at = form.get("often"), form.text("time")
    if often in {AS_IT_IS, "always"}:
        return {"always": True} if often == "always" else {}
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at, re.ASCII):
        form.refuse("wrong.time", "time")
        at = "00:00"
    if often == "weekly":
        days = sorted({int(day) for day in form.all("day") if day in set("0123456")})
        if not days:
            form.refuse("wrong.day", "day")
        return {"day": days, "time": at}
    if often == "monthly":
        nth, weekday = form.get("nth"), form.get("weekday")
        if nth not in NTH or weekday not in set("0123456"):
            form.refuse("wrong.nth", "nth")
            return {}
        today = datetime.fromtimestamp(now / 1000, ZoneInfo(zone_name(form.get("timezone")) or "UTC")).date()
        return {"rrule": f"FREQ=MONTHLY;BYDAY={nth}{DAYS[int(weekday)]}", "dtstart": f"{today}T{at}"}
    first = _date(form.text("date"))
    if first is None:
        form.refuse("wrong.date", "date")
        return {}
    if often == "once":
        return {"once": f"{first}T{at}"}
    if often == "weeks" and form.get("weeks") in set("23456789"):
        return {"rrule": f"FREQ=WEEKLY;INTERVAL={form.get('weeks')}", "dtstart": f"{first}T{at}"}
    form.refuse("wrong.often", "often")
    return {}


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None


def _format_in(form: Form, meeting: Meeting | None) -> str | dict[str, Any]:
    """A shipped format's name where the form's agenda is its own, word for word; else the whole format."""
    base, name = base_of(form, meeting), form.get("agenda_of") or form.get("format")
    if name != OWN and name not in formats.shipped():
        form.refuse("wrong.format", "format")
    made: dict[str, Any] = msgspec.to_builtins(base)
    if not form.has("agenda_of"):
        return made if name == OWN else name
    rows = rows_in(form)
    made["phase"] = phases_of(rows, base, form)
    made["waiting_room"] = form.get("waiting_room") == "yes"
    made["words"] = _words_in(form, base)
    if not rows:
        form.refuse("wrong.agenda", "format")
    try:
        if name != OWN and _same(made, base):
            return name
    except msgspec.ValidationError:
        pass  # told with its field when all of it is read
    return made


def _words_in(form: Form, base: Format) -> dict[str, str] | None:
    """The group's own words, less those that are the usual ones; None where all are."""
    words = msgspec.structs.asdict(base.words or Words())
    chosen = {of: form.get(f"words.{of}") or word for of, word in words.items()}
    return {of: word for of, word in chosen.items() if word != of} or None


def _same(made: Mapping[str, Any], base: Format) -> bool:
    """Whether it is the shipped format still, less what it only says of the readings that a group should paste."""
    plain = msgspec.to_builtins(base)
    for phase in plain["phase"]:
        if is_placeholder(phase.get("text", "")):
            phase["text"] = ""
    return bool(msgspec.convert(made, Format) == msgspec.convert(plain, Format))


def _usual_minutes(of: str | dict[str, Any]) -> float:
    """As long as the agenda takes."""
    try:
        rules = formats.shipped()[of] if isinstance(of, str) else msgspec.convert(of, Format, strict=False)
    except (KeyError, msgspec.ValidationError):
        return USUAL_MINUTES
    return min(minutes_of(rules), 24 * 60) or USUAL_MINUTES

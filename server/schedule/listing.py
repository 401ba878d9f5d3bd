"""The schedule as others list it: Meeting Guide JSON. Pure.

Only what finders can show: weekly meetings that their groups made public, a row for each day, and nothing secret.
"""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from html import escape
from typing import Any, Final

from server.schedule.addresses import Site
from server.schedule.feeds import LONGEST_MINUTES
from server.schedule.meetings import Stored
from server.schedule.recurrence import Weekly
from server.schedule.slugs import LONGEST
from server.schedule.values import DAYS, plain
from server.schedule.zones import zone_place

NOT_TOLD: Final = {"ONL", "TC"}  # finders see for themselves that a meeting is online; no building of ours is closed
COLUMNS: Final = {
    "Name": "name",
    "Day": "day",
    "Time": "time",
    "End Time": "end_time",
    "Types": "types",
    "Notes": "notes",
    "Conference URL": "conference_url",
    "Address": "formatted_address",
    "Timezone": "timezone",
    "Group": "group",
    "Website": "url",
    "Slug": "slug",
    "Duration": "duration",
    "UID": "uid",
    "Updated": "updated",
}
DAY_NAMES: Final = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
# Meeting Guide's codes of languages, where they are not those of ISO 639.
LANGUAGES: Final = {
    "ES": "S",
    "IT": "ITA",
    "KO": "KOR",
    "PA": "PUN",
    "PL": "POL",
    "PT": "POR",
    "RU": "RUS",
    "TR": "TUR",
}


def listing(meetings: list[Stored], site: Site) -> list[dict[str, Any]]:
    """The rows of the feed."""
    return [
        _row(stored, stored.meeting.recurrence, day, site)
        for stored in meetings
        if isinstance(stored.meeting.recurrence, Weekly) and not stored.meeting.is_paused
        for day in stored.meeting.recurrence.days
    ]


def table(rows: list[dict[str, Any]]) -> bytes:
    """The rows as the columns of the WordPress plugin."""
    made = io.StringIO(newline="")
    lines = csv.writer(made)
    lines.writerow(COLUMNS)
    for row in rows:
        told = row | {
            "day": DAY_NAMES[row["day"]] if "day" in row else "",
            "types": ", ".join(row["types"]),
        }
        lines.writerow([_cell(str(told.get(name, ""))) for name in COLUMNS.values()])
    return ("\ufeff" + made.getvalue()).encode()


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `documents` takes the mark away again."""
    return f"'{text}" if text.lstrip("'").startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _plainly(text: str) -> str:
    """The text so that whoever undoes entities and takes tags away, as readers of feeds do, has it as it is."""
    return text if plain(text) == text else escape(text, quote=False)


def _row(stored: Stored, weekly: Weekly, day: int, site: Site) -> dict[str, Any]:
    it = stored.meeting
    ends = datetime.combine(date(2000, 1, 1), weekly.time) + timedelta(minutes=it.minutes)
    # Finders take four parts for a street address, and the meeting for one in a building.
    place = ", ".join(part.strip() for part in (it.place or zone_place(it.timezone)).split(",")[-3:])
    row = {
        "name": _plainly(it.name),
        "slug": stored.slug if len(weekly.days) == 1 else f"{stored.slug[: LONGEST - 4]}-{DAYS[day]}",
        "day": day,
        "time": weekly.time.strftime("%H:%M"),
        "end_time": ends.strftime("%H:%M"),
        "timezone": it.timezone,
        "formatted_address": _plainly(place),
        "approximate": "yes",
        "conference_url": site.room(stored.slug),
        "url": site.page(stored.slug),
        "updated": datetime.fromtimestamp(stored.updated_at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "types": _types(it.types, it.language, it.program),
        "entity": site.host,
        "entity_url": site.base,
        "entity_website_url": site.base,
        "uid": stored.feed_uid,  # by which we know our own again
    }
    row |= {name: _plainly(text) for name, text in (("group", it.group), ("notes", it.description)) if text}
    # What no end time can tell.
    return row | ({"duration": it.minutes} if it.minutes > LONGEST_MINUTES or it.minutes % 1 else {})


def _types(types: tuple[str, ...], language: str, program: str) -> list[str]:
    codes = [_plainly(code) for code in types if code not in NOT_TOLD]
    code = language.partition("-")[0].upper()
    if program.lower() in {"", "aa"}:
        code = LANGUAGES.get(code, code)
    return codes if not code or code in codes else [*codes, code]

"""BMLT's rows, told as Meeting Guide tells them. Pure.

Its servers count days from Sunday, 1, in their public feeds, and from Sunday, 0, in their own interface. A format's
key is a server's own, in each language another; its world id is the same everywhere.
"""

from typing import Any, Final

from server.schedule.values import joined, plain

SEPARATOR: Final = "#@-@#"  # between a field's title and its value, in the answers of old servers
IN_PERSON: Final = "1"
# The world ids whose codes are others at finders; the first three a server sets by itself, for where a meeting is.
CODES: Final = {"VM": "", "HYBR": "", "HY": "", "TC": "", "OPEN": "O", "CLOSED": "C", "WCHR": "X"}


def is_bmlt(row: dict[str, Any]) -> bool:
    return "weekday_tinyint" in row or ("meeting_name" in row and "id_bigint" in row)


def world_ids(document: Any) -> dict[str, str]:
    """The world ids of a document's formats, by their keys there."""
    formats = document.get("formats") if isinstance(document, dict) else None
    return {
        key: world_id
        for it in (formats if isinstance(formats, list) else ())
        if isinstance(it, dict) and (key := plain(it.get("key_string"))) and (world_id := plain(it.get("world_id")))
    }


def as_meeting_guide(row: dict[str, Any], formats: dict[str, str]) -> dict[str, Any]:
    """The row under Meeting Guide's names, and `duration`, which those have not."""

    def told(name: str) -> str:
        return plain(row.get(name)).rpartition(SEPARATOR)[2].strip()

    weekday, server, number = told("weekday_tinyint"), told("root_server_id"), told("id_bigint")
    told_formats = row["formats"] if isinstance(row.get("formats"), list) else told("formats").split(",")
    keys = [key for it in told_formats if (key := plain(it))]
    return {
        "slug": joined(("bmlt", server, number), "-") if number else "",
        "wished_slug": f"{told('meeting_name')}-{number}",
        "name": told("meeting_name"),
        "day": int(weekday) - 1 if weekday in set("1234567") else None,
        "time": told("start_time"),
        "duration": told("duration_time"),
        "timezone": told("time_zone"),
        "language": told("lang_enum"),
        "types": [CODES.get(code, code) for code in (formats.get(key, key) for key in keys)],
        "notes": told("comments"),
        "conference_url": "" if told("venue_type") == IN_PERSON else told("virtual_meeting_link"),
        "conference_url_notes": told("virtual_meeting_additional_info"),
        "conference_phone": "" if told("venue_type") == IN_PERSON else told("phone_meeting_number"),
        "city": told("location_municipality"),
        "state": told("location_province"),
        "country": told("location_nation"),
        "published": row.get("published") is not False and told("published"),
    }

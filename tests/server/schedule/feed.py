"""A made-up feed in Meeting Guide JSON, with what is odd in the real ones."""

from typing import Any

ROW: dict[str, Any] = {
    "slug": "river-group-1",
    "name": "River group",
    "day": 2,
    "time": "19:00",
    "end_time": "20:00",
    "timezone": "America/Los_Angeles",
    "conference_url": "https://video.example.com/j/123456?pwd=x",
    "types": ["O", "D"],
}

# Each with what of it is not as in `ROW`; None as real feeds have it, in place of what is not known.
IMPORTED: list[dict[str, Any]] = [
    {},
    {"slug": "harbor-2", "name": "Harbor &amp; Pier", "day": 0, "time": "00:00", "end_time": None, "types": []},
    {
        "slug": "st.-mary-3",
        "name": "  A  group at\u200b St. Mary ",
        "day": "3",
        "notes": "One\r\ntwo<br>three <b>4</b>",
    },
    {"slug": "women%E2%80%99s-4", "name": "Women’s circle", "day": [1, 3, 5], "end_time": "19:00"},
    {"slug": "phone-5", "conference_url": None, "conference_phone": "+1 202 555 0111,,123#", "day": 7},
    {"slug": 66, "timezone": "us/eastern", "conference_url": "https://RiverCabin.example/us/?fbclid=abc"},
    {"slug": "late-7", "time": "11:30 PM", "end_time": "12:30 AM", "day": "Friday"},
    {"slug": "other-sunday-8", "notes": "Every other Sunday", "day": 0, "types": ["o", "C", "", "12X12", None]},
    {"slug": "x" * 70, "name": "Ein sehr langer Weg", "conference_url": "http:http://video.example.com/j/9"},
    {"slug": "no-link-10", "conference_url": "see our website", "conference_phone": "+11"},
]

SKIPPED: list[tuple[Any, str]] = [
    ({"slug": "in-person-11", "conference_url": None}, "not online: neither a link nor a phone number"),
    ({"slug": "paused-12", "attendance_option": "inactive"}, "inactive"),
    ({"slug": "by-appointment-13", "day": None, "time": None}, "no day and time, or none that can be read"),
    ({"slug": "eight-days-14", "day": 8}, "no day and time, or none that can be read"),
    ({"slug": "late-15", "time": "late"}, "no day and time, or none that can be read"),
    ({"slug": "mars-16", "timezone": "Mars/Olympus"}, "unknown time zone"),
    ({"slug": "nameless-17", "name": "\t\t  "}, "no name"),
    ({"slug": None, "day": None}, "no slug"),
    ({"slug": "y" * 256}, "the slug is too long"),
    ({"slug": "river-group-1", "name": "Again"}, "an earlier row has the same slug"),
    ("not a row at all", "not a meeting"),
    ({"slug": "nowhere-22", "timezone": ""}, "no time zone: name one with --timezone"),
]

PERSONAL: dict[str, Any] = {
    "contact_1_name": "Mallory K.",
    "contact_1_email": "mallory@example.com",
    "contact_1_phone": "+12025550199",
    "email": "mallory@example.com",
    "author": "mallory-k",
    "edit_url": "https://example.com/wp-admin/?mallory",
    "feedback_url": "https://example.com/?mallory",
    "venmo": "@mallory",
    "paypal": "mallory",
}


def row(**fields: Any) -> dict[str, Any]:
    return ROW | fields


def a_feed() -> list[Any]:
    """All of them: those that are imported, then those that are not."""
    others = [ROW | fields if isinstance(fields, dict) else fields for fields, _ in SKIPPED]
    return [ROW | PERSONAL | fields for fields in IMPORTED] + others

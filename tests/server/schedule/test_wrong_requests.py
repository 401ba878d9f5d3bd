"""Whatever is posted is answered with a meeting or with what is wrong with it, and where; never with a failure."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schedule.meetings import Meeting
from server.schedule.posted import Posted, Wrong, changed, new_meeting, posted
from tests.server.site import ORIGIN, WEEKLY, Site, at

NOW = at("2026-11-02T12:00")
ROUND = {"kind": "round", "minutes": 45}


def formatted(**phase: Any) -> dict[str, Any]:
    return {"format": {"phase": [ROUND, ROUND | phase]}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": " \u200a "}, "name"),
        ({"name": 5}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "\u202egnittes"}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": "\0"}, "timezone"),
        ({"timezone": 1}, "timezone"),
        ({"minutes": 0}, "minutes"),
        ({"minutes": -60}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"minutes": 1e300}, "minutes"),
        ({"minutes": 2**70}, "minutes"),
        ({"minutes": "60"}, "minutes"),
        ({"minutes": True}, "minutes"),
        ({"day": 7}, "day"),
        ({"day": -1}, "day"),
        ({"day": 1.5}, "day"),
        ({"day": "Tuesday"}, "day"),
        ({"day": []}, "day"),
        ({"day": [1, 9]}, "day.1"),
        ({"time": "24:00"}, "time"),
        ({"time": "7:30"}, "time"),
        ({"time": "1٣:00"}, "time"),
        ({"time": "19:00:00"}, "time"),
        ({"slug": ""}, "slug"),
        ({"slug": "Großartig"}, "slug"),
        ({"slug": "a/b"}, "slug"),
        ({"slug": "a.b"}, "slug"),
        ({"slug": "x" * 65}, "slug"),
        ({"slug": None}, "slug"),
        ({"description": "x" * 5001}, "description"),
        ({"description": "bell\a"}, "description"),
        ({"types": "O"}, "types"),
        ({"types": ["O", ""]}, "types.1"),
        ({"types": ["O", 5]}, "types.1"),
        ({"types": ["O"] * 51}, "types"),
        ({"listed": "yes"}, "listed"),
        ({"language": "not a language"}, "language"),
        ({"group": "x" * 256}, "group"),
        ({"place": ["Berlin"]}, "place"),
        ({"passcode": "x" * 129}, "passcode"),
        ({"passcode": "  "}, "passcode"),
        ({"passcode": "a\tb"}, "passcode"),
        ({"format": "no such format"}, "format"),
        ({"format": ""}, "format"),
        ({"format": None}, "format"),
        ({"format": {}}, "format.phase"),
        ({"format": {"phase": []}}, "format.phase"),
        ({"format": {"phase": [ROUND] * 51}}, "format.phase"),
        ({"format": {"phase": [ROUND], "phases": []}}, "format.phases"),
        ({"format": {"phase": [ROUND], "roster": "nobody"}}, "format.roster"),
        ({"format": {"phase": [ROUND], "capacity": 0}}, "format.capacity"),
        (formatted(kind="party"), "format.phase.1.kind"),
        (formatted(shares=3), "format.phase.1.shares"),
        (formatted(share_seconds=-1), "format.phase.1.share_seconds"),
        (formatted(post=["x" * 2001]), "format.phase.1.post.0"),
        (formatted(seconds=5), "format.phase.1"),
        ({"format": {"phase": [{"minutes": 5}]}}, "format.phase.0.kind"),
        ({"renew": ["host"]}, "renew"),
        ({"surprise": 1}, "surprise"),
        ({"link": "https://example.org"}, "link"),
    ],
)
async def test_a_wrong_field_is_named(site: Site, fields: dict[str, Any], field: str) -> None:
    answer = await site.http.post("/api/meetings", json=WEEKLY | fields)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["field"] == field
    assert error["code"]
    assert error["message"].endswith(".")
    assert (await site.http.get("/api/meetings")).json() == {"meetings": []}


@pytest.mark.parametrize("missing", ["name", "timezone", "minutes", "day", "time"])
async def test_a_missing_field_is_named(site: Site, missing: str) -> None:
    body = {name: value for name, value in WEEKLY.items() if name != missing}
    answer = await site.http.post("/api/meetings", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == {"day": "time", "time": "day"}.get(missing, missing)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        ({}, "day"),
        ({"now": False}, "day"),
        ({"now": "yes"}, "now"),
        ({"now": True, "once": "2027-01-01T10:00"}, "now"),
        ({"rrule": "FREQ=DAILY"}, "rrule"),
        ({"rrule": "FREQ=SECONDLY", "dtstart": "2027-01-01T10:00"}, "rrule"),
        ({"rrule": "FREQ=DAILY;UNTIL=20260101", "dtstart": "2025-01-01T10:00"}, "rrule"),
        ({"rrule": "FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO", "dtstart": "2025-01-01T10:00"}, "rrule"),
        ({"rrule": "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=31", "dtstart": "2025-02-01T10:00"}, "rrule"),
        ({"rrule": "FREQ=DAILY;INTERVAL=7;BYDAY=MO", "dtstart": "2027-01-01T10:00"}, "rrule"),
        ({"rrule": "FREQ=DAILY", "dtstart": "2027-01-01"}, "dtstart"),
        ({"rrule": "FREQ=DAILY", "dtstart": "0001-01-01T00:00"}, "dtstart"),
        ({"once": "2027-01-01"}, "once"),
        ({"once": "2027-02-30T10:00"}, "once"),
        ({"once": "2027-01-01T10:00Z"}, "once"),
        ({"once": "2027-01-01T10:00+02:00"}, "once"),
        ({"once": "2027-W01-1T10:00"}, "once"),
        ({"once": "9999-12-31T23:59"}, "once"),
        ({"once": "2026-11-02T11:00"}, "once"),
        ({"once": 5}, "once"),
    ],
)
async def test_when_is_said_in_one_way_that_is_still_to_come(site: Site, when: dict[str, Any], field: str) -> None:
    body = {"name": "Circle", "timezone": "UTC", "minutes": 60} | when
    answer = await site.http.post("/api/meetings", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


async def test_a_meeting_that_is_under_way_is_not_in_the_past(site: Site) -> None:
    await site.made(timezone="UTC", once="2026-11-02T11:01")
    assert (await site.meeting("tuesday-circle"))["next"]["starts_at"] == at("2026-11-02T11:01")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b'"name"', 400),
        (b"\xff\xfe", 400),
        (b'{"name": "\xff"}', 400),
        (b'{"name": "\\ud800"}', 400),
        (b'{"minutes": NaN}', 400),
        (b'{"minutes": 1e999}', 400),
        (b'{"minutes": ' + b"9" * 5000 + b"}", 400),
        (b"[" * 100_000, 400),
        (b'{"format":' * 20_000, 400),
        (b'{"name": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
async def test_a_hostile_body_is_refused(site: Site, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await site.http.post("/api/meetings", content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_what_a_form_of_another_site_could_send_is_refused(site: Site, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = await site.http.post("/api/meetings", content=json.dumps(WEEKLY), headers=headers)
    assert answer.status_code == 415


async def test_json_may_say_its_encoding(site: Site) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    answer = await site.http.post("/api/meetings", content=json.dumps(WEEKLY), headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://rooms.example.org:81", "https://["])
async def test_another_sites_page_changes_nothing(site: Site, origin: str) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        path = "/api/meetings" if method == "POST" else "/api/meetings/tuesday-circle"
        answer = await site.http.request(method, path, json=WEEKLY, headers={"Origin": origin})
        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "bad_origin"


async def test_our_own_page_may(site: Site) -> None:
    answer = await site.http.post("/api/meetings", json=WEEKLY, headers={"Origin": ORIGIN})
    assert answer.status_code == 201


# Any JSON, but mostly what is nearly right.
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NEARLY: dict[str, st.SearchStrategy[Any]] = {
    "name": st.text(min_size=1, max_size=20),
    "timezone": st.sampled_from(["Europe/Berlin", "utc", "Asia/Kathmandu", "Pacific/Apia"]),
    "minutes": st.integers(-1, 1500) | st.floats(0, 2000),
    "day": st.integers(-1, 7) | st.lists(st.integers(0, 6), max_size=8),
    "time": st.times().map(lambda it: it.isoformat("minutes")),
    "rrule": st.sampled_from(["FREQ=DAILY", "FREQ=MONTHLY;BYDAY=5SU", "FREQ=WEEKLY;UNTIL=19800101T000000Z", "FREQ=X"]),
    "dtstart": st.datetimes().map(lambda it: it.isoformat(timespec="minutes")),
    "once": st.datetimes().map(lambda it: it.isoformat()),
    "now": st.booleans(),
    "format": st.sampled_from(["circle", "nothing"]) | st.fixed_dictionaries({"phase": st.lists(ANY, max_size=2)}),
    "passcode": st.text(max_size=10) | st.none(),
    "types": st.lists(st.text(max_size=3), max_size=3),
}
BODIES = st.fixed_dictionaries({}, optional={name: values | ANY for name, values in NEARLY.items()})


@given(BODIES | ANY)
def test_any_json_is_a_meeting_or_wrong_in_a_place(body: Any) -> None:
    read_and_check(json.dumps(body).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_meeting_or_wrong(body: bytes) -> None:
    read_and_check(body)


def read_and_check(body: bytes) -> None:
    before = new_meeting(Posted(name="Before", timezone="UTC", minutes=5, now=True), NOW)
    for answer in (
        answered(lambda: new_meeting(posted(body), NOW)),
        answered(lambda: changed(before, posted(body), NOW)),
    ):
        if isinstance(answer, Wrong):
            assert answer.code
            assert answer.message
            assert 400 <= answer.status < 500
        else:
            assert msgspec.json.decode(msgspec.json.encode(answer), type=Meeting).name == answer.name
            assert answer.length >= 0
            assert answer.rules.phase


def answered(ask: Callable[[], Meeting]) -> Meeting | Wrong:
    try:
        return ask()
    except Wrong as wrong:
        return wrong

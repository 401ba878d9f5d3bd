"""Feeds as four programs write them, with all that goes wrong in them: each row a meeting or a reason."""

import csv
import io
import json
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.schedule.documents import NotAFeed, feed_in, listed
from server.schedule.feeds import Feed, Row, rows
from server.schedule.importing import import_feed
from server.schedule.recurrence import Weekly
from tests.server.schedule.feed import IMPORTED, PERSONAL, ROW
from tests.server.site import a_site

FEED = Feed("feed", timezone="Europe/Berlin", online_only=False)

PLUGIN: dict[str, Any] = (
    ROW
    | PERSONAL
    | {
        "id": 4711,
        "day": "2",
        "updated": "8/16/2021 7:25:34 AM",
        "location": "Online",
        "location_id": 12,
        "formatted_address": "Springfield, IL, USA",
        "latitude": "39.78",
        "longitude": -89.65,
        "approximate": "yes",
        "region": "Centre",
        "regions": ["Centre", "Old Town"],
        "attendance_option": "online",
        "time_formatted": "7:00 pm",
        "notes": "Doors at 6:45&nbsp;pm.\r\n<br>All are welcome &amp; nobody must share.",
        "types": ["O", "ONL", "zz"],
    }
)
BMLT: dict[str, Any] = {
    "id_bigint": "66",
    "worldid_mixed": "",
    "service_body_bigint": "3",
    "weekday_tinyint": "1",
    "venue_type": "2",
    "start_time": "19:00:00",
    "duration_time": "01:30:00",
    "time_zone": "",
    "formats": "O, VM,BT",
    "lang_enum": "en",
    "published": "1",
    "root_server_id": "1",
    "meeting_name": "River group",
    "location_municipality": "Springfield",
    "location_province": "IL",
    "comments": "",
    "virtual_meeting_link": "https://video.example.com/j/2?pwd=x",
    "virtual_meeting_additional_info": "Passcode: x",
    "phone_meeting_number": "",
    "contact_name_1": "Mallory",
}


def read(content: bytes, feed: Feed = FEED) -> list[Row]:
    return list(rows(feed_in(content), feed))


def only(fields: dict[str, Any], feed: Feed = FEED) -> Row:
    (found,) = read(json.dumps([fields]).encode(), feed)
    return found


def when(found: Row) -> tuple[tuple[int, ...], time, float]:
    assert found.meeting is not None, found.reason
    assert isinstance(found.meeting.recurrence, Weekly)
    return found.meeting.recurrence.days, found.meeting.recurrence.time, found.meeting.minutes


@pytest.mark.parametrize(
    ("told", "starts"),
    [
        ("12 noon", time(12)),
        ("12 Midnight", time(0)),
        ("1930", time(19, 30)),
        (1930, time(19, 30)),
        ("7p", time(19)),
        ("7：30 PM", time(19, 30)),
        ("19 h", time(19)),
        ("19:30:00.000", time(19, 30)),
        ("2026-11-24T19:30:00", time(19, 30)),
        ("2026-11-24 19:30", time(19, 30)),
        ("1930-2030", time(19, 30)),
    ],
)
def test_more_ways_to_tell_a_time(told: Any, starts: time) -> None:
    assert when(only(PLUGIN | {"time": told, "end_time": None})) == ((2,), starts, 60)


def test_twenty_four_hours_are_the_midnight_at_the_end_of_the_day() -> None:
    found = only(PLUGIN | {"day": 6, "time": "24:00", "end_time": "01:00"})
    assert when(found) == ((0,), time(0), 60)
    assert found.warnings == ("it begins at 24:00: taken for the midnight at the day's end",)
    assert when(only(PLUGIN | {"time": "23:00", "end_time": "24:00"})) == ((2,), time(23), 60)
    assert when(only(BMLT | {"start_time": "24:00:00"})) == ((1,), time(0), 90)


@pytest.mark.parametrize(
    ("told", "days"),
    [("[1,2]", (1, 2)), ('["Mo", "we"]', (1, 3)), ("Su", (0,)), ({"day": 1}, None), ("someday", None), (7.0, (0,))],
)
def test_more_ways_to_tell_a_day(told: Any, days: tuple[int, ...] | None) -> None:
    found = only(PLUGIN | {"day": told})
    if days is None:
        assert found.reason == "no day and time, or none that can be read"
    else:
        assert when(found)[0] == days


@pytest.mark.parametrize(
    "told",
    [
        "https:/video.example.com/j/1",
        "https//video.example.com/j/1",
        "https://video.example.com/j/1 Password: 123",
        "Zoom: https://video.example.com/j/1\r\nor https://video.example.com/j/2",
        " https://video.example.com/j/1\u200b",
    ],
)
def test_links_that_were_typed_in_haste(told: str) -> None:
    found = only(PLUGIN | {"conference_url": told}).meeting
    assert found is not None
    assert found.link == "https://video.example.com/j/1"


@pytest.mark.parametrize("told", ["O;D", "O|D", '["O","D"]', "Open\nDiscussion", ["O", "d "]])
def test_types_in_a_cell(told: Any) -> None:
    found = only(PLUGIN | {"types": told}).meeting
    assert found is not None
    assert found.types == ("O", "D")


def test_a_closed_building_without_a_room_is_no_meeting() -> None:
    closed = PLUGIN | {"types": ["TC"], "conference_url": ""}
    assert only(closed).reason == "inactive"
    assert only(closed | {"conference_url": "https://video.example.com/j/1"}).meeting is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"published": "0"}, "not published"),
        ({"published": 0}, "not published"),
        ({"published": False}, "not published"),
        ({"weekday_tinyint": "0"}, "no day and time, or none that can be read"),
        ({"weekday_tinyint": "8"}, "no day and time, or none that can be read"),
        ({"weekday_tinyint": None}, "no day and time, or none that can be read"),
        ({"venue_type": "1"}, "not online: neither a link nor a phone number"),
        ({"venue_type": 1}, "not online: neither a link nor a phone number"),
        ({"meeting_name": " "}, "no name"),
        ({"time_zone": "Mars/Olympus"}, "unknown time zone"),
    ],
)
def test_rows_of_bmlt_that_are_no_meetings(fields: dict[str, Any], reason: str) -> None:
    assert only(BMLT | fields, Feed("feed", timezone="Europe/Berlin")).reason == reason


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ((0,), time(19), 90)),
        ({"weekday_tinyint": 7}, ((6,), time(19), 90)),
        ({"duration_time": "24:00:00"}, ((0,), time(19), 1440)),
        ({"duration_time": "00:00:00"}, ((0,), time(19), 60)),
        ({"duration_time": ""}, ((0,), time(19), 60)),
        ({"published": True}, ((0,), time(19), 90)),
        ({"meeting_name": "Meeting Name#@-@#River group"}, ((0,), time(19), 90)),
    ],
)
def test_rows_of_bmlt(fields: dict[str, Any], expected: Any) -> None:
    found = only(BMLT | fields)
    assert when(found) == expected
    assert found.meeting is not None
    assert (found.meeting.name, found.meeting.types) == ("River group", ("O", "BT"))


def test_formats_of_bmlt_may_be_a_list() -> None:
    found = only(BMLT | {"formats": ["C", "VM", None, "Candle light"]}).meeting
    assert found is not None
    assert found.types == ("C", "Candle light")


TABLE = "Name,Day,Time,Conference URL,Slug\r\n'=River,Monday,7:00 pm,https://video.example.com/j/1,'-a\r\n"


@pytest.mark.parametrize(
    "content",
    [
        TABLE.encode("utf-8-sig"),
        TABLE.encode("latin-1"),
        b"Meetings of the Springfield area,,,,\r\n\r\n" + TABLE.encode(),
        b"Our list\r\nAs of: November; all times local\r\n" + TABLE.replace(",", ";").encode(),
    ],
)
def test_a_table_with_a_mark_or_lines_above_it_and_cells_kept_from_being_formulas(content: bytes) -> None:
    (found,) = read(content)
    assert (found.slug, when(found)) == ("-a", ((1,), time(19), 60))
    assert found.meeting is not None
    assert found.meeting.name == "=River"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'[{"name": "a", "slug": "b",}]', r"no valid JSON, not a feed \(look at line 1, column \d+\)"),
        (b'[{"name": "a"},\n {"name": ', r"no valid JSON, not a feed \(look at line 2, column \d+\)"),
        (b'[{"a":' * 50_000, "no valid JSON"),
        (b'{"success":false,"data":"-1"}', "no feed: expected a list of meetings"),
        (b"0", "no valid JSON, and no table with a column Name"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(content: bytes, sentence: str) -> None:
    with pytest.raises(NotAFeed, match=sentence):
        read(content)


def test_texts_with_bare_line_breaks_and_numbers_without_end_are_borne_with() -> None:
    content = json.dumps([PLUGIN]).replace("River group", "River\ngroup").replace("4711", "9" * 5000)
    (found,) = read(content.encode())
    assert found.meeting is not None
    assert found.meeting.name == "River group"


def as_table(documents: list[dict[str, Any]]) -> bytes:
    made = io.StringIO(newline="")
    lines = csv.DictWriter(made, sorted({name for row in documents for name in row}))
    lines.writeheader()
    lines.writerows(documents)
    return made.getvalue().encode("utf-8", "replace")


ODD: list[Any] = [
    *(None, "", 0, 7, -1, "7", [0], ["1", 2], [], {}, "24:00", "Noon", "1 < 2", "&amp;amp;", "<b>x</b>", "EST", "TC"),
    *(True, float("nan"), 10**30, "\ud800", "\x00", "=1+1", "'-x", "https://x.example/j/1?pwd=a", "Europe/Kiev"),
    *("\u202ex", "٣", "²", "a" * 400, "1;2", "[", {"a": [None]}, "inactive", "-", "1"),
]
ANY = st.sampled_from(ODD) | st.text(max_size=12) | st.integers(-(2**70), 2**70)


@st.composite
def mutated(draw: st.DrawFn) -> list[Any]:
    """A feed of ours with some values gone or become others, rows that come twice, and what is no row."""
    whole = [ROW | it for it in IMPORTED] + [PLUGIN, BMLT, PLUGIN | {"slug": "p2"}, BMLT | {"id_bigint": "67"}]
    made: list[Any] = []
    for row in draw(st.lists(st.sampled_from(whole), min_size=1, max_size=6)):
        changed = dict(row)
        for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=3)):
            changed[name] = draw(ANY)
        for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=1)):
            changed.pop(name, None)
        made.append(changed)
    return made + draw(st.lists(ANY, max_size=1))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(document=mutated(), online_only=st.booleans(), zone=st.sampled_from([None, "Europe/Berlin"]))
async def test_whatever_becomes_of_a_feed_all_rows_are_accounted_for_and_again_nothing_changes(
    tmp_path_factory: pytest.TempPathFactory, document: list[Any], online_only: bool, zone: str | None
) -> None:
    feed = Feed("feed", timezone=zone, online_only=online_only)
    folder: Path = tmp_path_factory.mktemp("site")
    read_in = feed_in(json.dumps(document).encode())
    async with a_site(folder) as site:
        first = await import_feed(site.schedule, read_in, feed)
        assert first.rows == len(document) == first.imported + len(first.skipped)
        again = await import_feed(site.schedule, read_in, feed)
        assert (again.imported, again.changed, again.unchanged) == (0, 0, first.imported)
        for path in ("/meetings.json", "/meetings.csv"):
            ours = feed_in((await site.http.get(path)).content) if first.imported else []
            own = await import_feed(site.schedule, ours, Feed(path))
            assert (own.imported, own.changed, own.unchanged) == (0, 0, own.rows)


@settings(max_examples=100, deadline=None)
@given(mutated(), st.data())
def test_whatever_becomes_of_its_bytes_it_is_rows_or_no_feed(document: list[Any], data: st.DataObject) -> None:
    as_rows = [row for row in document if isinstance(row, dict)]
    content = bytearray(data.draw(st.sampled_from([json.dumps(document).encode(), as_table(as_rows)])))
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) if data.draw(st.booleans()) else len(content) :]
    try:
        read_in = feed_in(bytes(content))
        expected = len(listed(read_in))
    except NotAFeed:
        return
    assert len(list(rows(read_in, FEED))) == expected

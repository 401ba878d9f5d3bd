"""What comes as a feed: JSON in its wrappings, lines of JSON, tables; or what it is instead."""

import gzip
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.schedule.documents import MOST_BYTES, NotAFeed, feed_in, listed
from server.schedule.feeds import Feed, Row, rows
from tests.server.schedule.feed import ROW

FEED = Feed("feed", timezone="Europe/Berlin")
TWO = [ROW, ROW | {"slug": "other"}]

TABLE = '''Time,End Time,Day,Name,Types,Notes,Conference URL,Timezone,Slug,Contact 1 Name,Author
7:00 PM,8:00 PM,Tuesday,River group,"Open, Discussion","One
two; ""three""",https://video.example.com/j/123456?pwd=x,America/Los_Angeles,river-group-1,Mallory K.,mallory
12:00 AM,,Sunday,Café,,,https://video.example.com/j/2,,cafe,,
,,,,,,,,,,
'''


def read(content: bytes) -> list[Row]:
    return list(rows(feed_in(content), FEED))


@pytest.mark.parametrize(
    "document",
    [
        TWO,
        {"meetings": TWO},
        {"success": True, "data": {"meetings": TWO}},
        {"data": TWO, "formats": []},
        {"4711": TWO[0], "4712": TWO[1]},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": row} for row in TWO]},
    ],
    ids=lambda it: type(it).__name__,
)
def test_a_list_of_meetings_may_be_wrapped(document: Any) -> None:
    found = read(json.dumps(document).encode())
    assert [it.slug for it in found if it.meeting] == ["river-group-1", "other"]


PLAIN = json.dumps(TWO).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.decode().encode("utf-16"),
        gzip.compress(PLAIN),
        b"\r\n  " + PLAIN + b"\n",
        b"callback(" + PLAIN + b");",
        "\n".join(json.dumps(row) for row in TWO).encode(),
    ],
)
def test_it_may_be_packed_marked_called_or_in_lines(content: bytes) -> None:
    assert [it.slug for it in read(content)] == ["river-group-1", "other"]


def test_a_line_that_is_no_json_is_a_row_that_is_no_meeting() -> None:
    found = read(json.dumps(ROW).encode() + b"\n{oops\n" + json.dumps(TWO[1]).encode())
    assert [(it.number, it.reason) for it in found] == [(1, ""), (2, "not a meeting"), (3, "")]


def test_numbers_that_are_none_and_halves_of_characters_are_borne_with() -> None:
    (found,) = read(b'[{"slug": "a", "name": "A\\ud83d", "latitude": NaN, "day": 1, "time": "19:00", "timezone": "UTC",'
                    b'"conference_url": "https://a.example/b"}]')  # fmt: skip
    assert found.meeting is not None
    assert found.meeting.name == "A"


@pytest.mark.parametrize(
    ("encoding", "delimiter"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", ";"), ("utf-16", "\t"), ("utf-8", "|")]
)
def test_a_table_as_the_plugin_and_excel_write_it(encoding: str, delimiter: str) -> None:
    lines = TABLE.replace('"Open, Discussion"', '"Open; Discussion"') if delimiter == ";" else TABLE
    lines = lines.replace(",", delimiter).replace(f"Open{delimiter} ", "Open, ").replace("Open; ", "Open, ")
    river, cafe, empty = read(lines.encode(encoding))
    assert river.meeting is not None
    assert cafe.meeting is not None
    assert (river.slug, river.meeting.minutes, river.meeting.types) == ("river-group-1", 60, ("O", "D"))
    assert river.meeting.description.replace(delimiter, ";") == 'One\ntwo; "three"'
    assert (cafe.meeting.name, cafe.meeting.timezone) == ("Café", "Europe/Berlin")
    assert empty.reason == "empty"
    assert "allory" not in repr(river)


def test_a_table_may_tell_its_separator_and_end_its_lines_as_it_likes() -> None:
    assert len(read(b"sep=;\r\nName;Day\r\nRiver;Monday\r\n")) == 1
    assert len(read(b"Name,Day\rRiver,Monday\rPier,Friday")) == 2


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf  ", "empty"),
        (b"<!doctype html><title>Just a moment...</title>", "a web page"),
        (b"<?xml version='1.0'?><rss/>", "XML"),
        (b"PK\x03\x04", "a spreadsheet or an archive"),
        (b"%PDF-1.7", "a PDF"),
        (b"[" * 100_000, "no valid JSON"),
        (b'[{"slug": }]', "no valid JSON"),
        (b"slug,day\n1,Monday", "no valid JSON, and no table with a column Name"),
        (b"\x1f\x8b broken", "damaged"),
    ],
)
def test_what_is_no_feed_says_what_it_is(content: bytes, what: str) -> None:
    with pytest.raises(NotAFeed, match=f"^This is {what}"):
        feed_in(content)


def test_a_feed_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(NotAFeed, match="larger than 20 MB"):
        feed_in(gzip.compress(b" " * (MOST_BYTES + 1)))


CELLS = st.text(st.sampled_from('ab1:,;"\n\r\t\0 é\u2028'), max_size=6)
LINES = st.lists(CELLS, max_size=4).map(",".join)
TABLES = st.lists(LINES, max_size=6).map(lambda lines: "Name,Day\n" + "\n".join(lines))


@given(st.binary(max_size=300) | TABLES.map(str.encode) | TABLES.map(lambda it: it.encode("cp1252", "replace")))
@example(b"[]")
@example(b"{}")
@example(b"a,name\n\x00")
@example(b'name\n"' + b"x" * 200_000)
def test_whatever_bytes_come_they_are_rows_or_no_feed(content: bytes) -> None:
    try:
        document = feed_in(content)
        expected = len(listed(document))
    except NotAFeed:
        return
    found = list(rows(document, FEED))
    assert [it.number for it in found] == list(range(1, expected + 1))
    assert all((it.meeting is None) == bool(it.reason) for it in found)

"""Rows of Meeting Guide feeds, as odd as real ones are: a meeting each, or the reason why not."""

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schedule.feeds import MOST_ROWS, Feed, NotAFeed, Row, rows
from server.schedule.meetings import Meeting
from server.schedule.recurrence import Weekly
from tests.server.schedule.feed import IMPORTED, ROW, SKIPPED, a_feed, row

FEED = Feed("feed.json")


def only(document: Any, feed: Feed = FEED) -> Row:
    """The one row of a feed."""
    (found,) = rows(document, feed)
    return found


def meeting(feed: Feed = FEED, **fields: Any) -> Meeting:
    found = only([row(**fields)], feed)
    assert found.meeting is not None, found.reason
    return found.meeting


def weekly(**fields: Any) -> Weekly:
    recurrence = meeting(**fields).recurrence
    assert isinstance(recurrence, Weekly)
    return recurrence


def reason(feed: Feed = FEED, **fields: Any) -> str:
    found = only([row(**fields)], feed)
    assert found.meeting is None
    return found.reason


def test_every_row_is_accounted_for_in_its_order() -> None:
    found = list(rows(a_feed(), FEED))
    assert [it.number for it in found] == list(range(1, len(IMPORTED) + len(SKIPPED) + 1))
    assert all(it.meeting is not None for it in found[: len(IMPORTED)])
    assert [(it.meeting, it.reason) for it in found[len(IMPORTED) :]] == [(None, reason) for _, reason in SKIPPED]


def test_a_row_becomes_a_weekly_meeting_that_keeps_its_own_link() -> None:
    assert meeting(Feed("feed.json", program="aa"), group="Rivers", notes="All are welcome.") == Meeting(
        name="River group",
        timezone="America/Los_Angeles",
        minutes=60,
        recurrence=Weekly((2,), time(19)),
        description="All are welcome.",
        types=("O", "D"),
        program="aa",
        group="Rivers",
        link="https://video.example.com/j/123456?pwd=x",
    )


def test_a_feed_may_be_an_object_with_its_meetings() -> None:
    assert only({"meetings": [ROW]}).meeting is not None


@pytest.mark.parametrize("document", [None, {}, "meetings", 5, {"meetings": {}}])
def test_what_is_no_list_of_meetings_is_no_feed(document: Any) -> None:
    with pytest.raises(NotAFeed, match="expected a list of meetings"):
        list(rows(document, FEED))


def test_a_feed_has_an_end() -> None:
    with pytest.raises(NotAFeed, match=f"at most {MOST_ROWS}"):
        list(rows([None] * (MOST_ROWS + 1), FEED))


@pytest.mark.parametrize(
    ("day", "days"),
    [
        (0, (0,)),
        (7, (0,)),
        ("6", (6,)),
        ("3.0", (3,)),
        ("Tuesday", (2,)),
        ("thurs", (4,)),
        ([5, "1", 1], (1, 5)),
        ([2, "soon"], (2,)),
    ],
)
def test_days(day: Any, days: tuple[int, ...]) -> None:
    assert weekly(day=day).days == days


@pytest.mark.parametrize("day", [None, "", [], 8, -1, 1.5, "soon", {}, True])
def test_without_a_day_it_is_skipped(day: Any) -> None:
    assert reason(day=day) == "no day and time, or none that can be read"


@pytest.mark.parametrize(
    ("text", "starts"),
    [
        ("19:30", time(19, 30)),
        ("7:30 PM", time(19, 30)),
        ("7:30pm", time(19, 30)),
        ("12:15 a.m.", time(0, 15)),
        ("12:00 PM", time(12)),
        ("06:30:00", time(6, 30)),
    ],
)
def test_times(text: str, starts: time) -> None:
    assert weekly(time=text).time == starts


@pytest.mark.parametrize("text", [None, "", "noon", "24:00", "13:00 PM", "7", "7:5", "7.30", 730])
def test_without_a_time_it_is_skipped(text: Any) -> None:
    assert reason(time=text) == "no day and time, or none that can be read"


@pytest.mark.parametrize(
    ("starts", "ends", "minutes", "warning"),
    [
        ("19:00", "20:30", 90, ""),
        ("23:00", "00:00", 60, ""),
        ("23:30", "00:45", 75, ""),
        ("19:00", None, 60, ""),
        ("12:15", "01:15", 60, "odd end time; 60 minutes taken"),  # meant was 13:15
        ("10:00", "10:00", 60, "odd end time; 60 minutes taken"),
        ("17:30", "16:30", 60, "odd end time; 60 minutes taken"),
        ("19:00", "late", 60, "its end time cannot be read; 60 minutes taken"),
    ],
)
def test_how_long_it_lasts(starts: str, ends: str | None, minutes: int, warning: str) -> None:
    found = only([row(time=starts, end_time=ends)])
    assert found.meeting is not None
    assert found.meeting.minutes == minutes
    assert found.warnings == ((warning,) if warning else ())


def test_a_row_without_a_zone_takes_the_one_given() -> None:
    assert meeting(Feed("feed.json", timezone="Europe/Berlin"), timezone=None).timezone == "Europe/Berlin"
    assert meeting(Feed("feed.json", timezone="Europe/Berlin")).timezone == "America/Los_Angeles"
    assert meeting(timezone="pacific/honolulu").timezone == "Pacific/Honolulu"
    assert reason(timezone=None) == "no time zone: name one with --timezone"
    assert reason(Feed("feed.json", timezone="Europe/Berlin"), timezone="8 pm EST") == "unknown time zone"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Joyous &amp; free", "Joyous & free"),
        ("Once &amp;amp; once", "Once &amp; once"),
        ("  Two  spaces\t", "Two spaces"),
        ("<b>Bold</b><script>alert(1)</script>", "Bold"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("\u202eback\u202c\u200b \u2066and\u2069", "back and"),
        ("Cafe\u0301", "Café"),
        ("ab\x00\x07c", "abc"),
        ("Собрание ❤️", "Собрание ❤️"),
        (4711, "4711"),
        ("x" * 300, "x" * 255),
    ],
)
def test_names_are_plain_text(text: Any, name: str) -> None:
    assert meeting(name=text).name == name


def test_descriptions_keep_their_lines() -> None:
    notes = "One\r\ntwo<br/>three</p>four <!-- hidden --> <a href='x'>five</a>"
    assert meeting(notes=notes).description == "One\ntwo\nthree\nfour five"


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://video.example.com/j/1?pwd=a&b=c#d", "https://video.example.com/j/1?pwd=a&b=c#d"),
        ("Http://Video.Example.com/j/1", "http://Video.Example.com/j/1"),
        ("http:http://video.example.com/j/1", "http://video.example.com/j/1"),
        ("https://https://video.example.com/j/1", "https://video.example.com/j/1"),
        ("RiverCabin.example/us", "https://RiverCabin.example/us"),
        ("Join at https://video.example.com/j/1", "https://video.example.com/j/1"),
    ],
)
def test_links(text: str, link: str) -> None:
    assert meeting(conference_url=text).link == link


@pytest.mark.parametrize("text", ["javascript:alert(1)", "data:text/html,x", "see our website", "//x", "ftp://a.b/c"])
def test_a_link_that_no_browser_should_follow_is_left_out_with_a_warning(text: str) -> None:
    found = only([row(conference_url=text)])
    assert found.meeting is not None
    assert found.meeting.link == ""
    assert found.warnings == ("its link cannot be used",)


def test_a_phone_number_is_enough_to_be_online() -> None:
    phoned = meeting(
        conference_url=None, conference_phone="+1 (202) 555-0111,,123#,*9#", conference_phone_notes="PIN 1"
    )
    assert (phoned.phone, phoned.link, phoned.link_notes) == ("+12025550111,,123#,*9#", "", "PIN 1")


def test_a_phone_number_that_is_none_is_left_out_with_a_warning() -> None:
    found = only([row(conference_phone="+11")])
    assert found.meeting is not None
    assert found.meeting.phone == ""
    assert found.warnings == ("its phone number cannot be used",)


def test_meetings_in_a_building_come_in_when_asked_for() -> None:
    assert reason(conference_url="") == "not online: neither a link nor a phone number"
    assert meeting(Feed("feed.json", online_only=False), conference_url="").link == ""


@pytest.mark.parametrize(
    ("types", "codes"),
    [
        (["o", "D", "", None, "ASBI", 11], ("O", "D", "ASBI", "11")),
        (["O", "C", "ST"], ("C", "ST")),  # the safer one
        ("O,SP", ("O", "SP")),
        (["12X12"], ("12x12",)),
        (None, ()),
        ({"O": 1}, ()),
    ],
)
def test_type_codes(types: Any, codes: tuple[str, ...]) -> None:
    assert meeting(types=types).types == codes


def test_a_place_for_finders_and_no_street() -> None:
    assert meeting(formatted_address="1 Main St, Springfield, MA 01101, USA").place == "Springfield, MA 01101, USA"
    assert meeting(city="San Rafael", state="CA", country="US").place == "San Rafael, CA, US"
    assert meeting().place == ""


@pytest.mark.parametrize(
    "notes",
    ["Every other Sunday", "1st wk of the month", "second Thursday in person", "Last Friday open", "Meets bi-weekly"],
)
def test_what_may_not_be_weekly_is_imported_with_a_warning(notes: str) -> None:
    assert only([row(notes=notes)]).warnings == ("perhaps not every week: look at its name and notes",)


def test_nothing_personal_is_read() -> None:
    for found in rows(a_feed(), FEED):
        assert "allory" not in repr(found)
        assert "0199" not in repr(found)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = [*ROW, "notes", "conference_phone", "formatted_address", "attendance_option", "conference_url_notes", "group"]
ROWS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, ANY)).map(lambda fields: ROW | fields)


@given(st.lists(ROWS | ANY, max_size=4))
def test_whatever_stands_in_a_feed_is_a_meeting_or_a_reason(document: list[Any]) -> None:
    found = list(rows(document, FEED))
    assert len(found) == len(document)
    for it in found:
        assert (it.meeting is None) == bool(it.reason)
        if it.meeting is not None:
            assert it.meeting.name
            assert it.meeting.minutes > 0
            assert it.meeting.link == "" or it.meeting.link.startswith(("http://", "https://"))

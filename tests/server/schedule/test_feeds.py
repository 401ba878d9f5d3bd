"""Rows of Meeting Guide feeds, as odd as real ones are: a meeting each, or the reason why not."""

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.schedule.documents import MOST_ROWS, NotAFeed
from server.schedule.feeds import Feed, Row, rows
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
        ("Mon, Wed & Fri", (1, 3, 5)),
        ("Friday to Sunday", (0, 5, 6)),
        ("mon-fri", (1, 2, 3, 4, 5)),
        ("Daily", (0, 1, 2, 3, 4, 5, 6)),
        ("Lunes", (1,)),
        ("Samstag", (6,)),
        ("Tuesdays", (2,)),
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
        ("7 pm", time(19)),
        ("19.30", time(19, 30)),
        ("19h30", time(19, 30)),
        ("19:30 Uhr", time(19, 30)),
        ("noon", time(12)),
        ("7:30 PM - 9:00 PM", time(19, 30)),
    ],
)
def test_times(text: str, starts: time) -> None:
    assert weekly(time=text).time == starts


@pytest.mark.parametrize("text", [None, "", "late", "25:00", "13:00 PM", "7", "7:5", 730])
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
    ("told", "zone"),
    [
        ("EST", "America/New_York"),  # which the tz database has as Panama's
        ("Pacific Time (US & Canada)", "America/Los_Angeles"),
        ("US/Pacific", "America/Los_Angeles"),
        ("GMT Standard Time", "Europe/London"),
        ("UTC", "UTC"),
    ],
)
def test_zones_as_people_and_windows_call_them(told: str, zone: str) -> None:
    found = only([row(timezone=told)])
    assert found.meeting is not None
    assert found.meeting.timezone == zone
    guessed = told not in {"UTC", "US/Pacific"}
    assert found.warnings == ((f"its time zone is told as {told}; {zone} taken",) if guessed else ())


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


def test_types_may_be_told_by_their_names() -> None:
    names = "Open, Wheelchair Access, 12 Steps & 12 Traditions, Newcomer, Potluck night"
    assert meeting(types=names).types == ("O", "X", "12x12", "BE", "Potluck night")
    al_anon = Feed("feed.json", program="al-anon")
    assert meeting(al_anon, types="Families and Friends Only, Parents of Alcoholics").types == ("C", "POA")


def test_a_language_among_the_types_is_the_meetings() -> None:
    assert meeting(types=["O", "ITA"]).language == "it"
    assert meeting(types=["S"]).language == "es"
    assert meeting(Feed("feed.json", program="aca"), types=["S"]).language == ""  # a speaker
    assert meeting(types=["S"], language="pt-BR").language == "pt-BR"


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


def test_a_room_that_stands_in_the_notes_alone_is_found() -> None:
    found = only([row(conference_url="", notes="Join (https://us02web.zoom.us/j/123). See https://river.example")])
    assert found.meeting is not None
    assert found.meeting.link == "https://us02web.zoom.us/j/123"
    assert found.warnings == ("its link was taken from its notes",)
    assert reason(conference_url="", notes="See https://river.example/us").startswith("not online")


def test_people_are_left_out_of_notes_unless_asked_for() -> None:
    notes = "Zoom ID: 123 4567 8901. Call Ann B. at (202) 555-0134 or write ann.b@mail.example, or call the office."
    told = "Zoom ID: 123 4567 8901. Call Ann B. at [removed] or write [removed], or call the office."
    assert meeting(notes=notes, conference_url_notes=notes).description == told
    assert meeting(conference_url_notes=notes).link_notes == told
    assert meeting(Feed("feed.json", with_people=True), notes=notes).description == notes


def test_other_names_for_the_same_fields() -> None:
    fields = ROW | {
        "start_time": "19:00",
        "Meeting": "River group",
        "weekday": "Tuesday",
        "conferenceURL": "zoom.us/j/1",
    }
    for name in ("time", "name", "day", "conference_url"):
        del fields[name]
    assert only([fields]).meeting == meeting(conference_url="https://zoom.us/j/1")


def test_one_slug_for_all_meetings_of_a_group_is_told_apart_by_day_and_time() -> None:
    same = [row(), row(day=3), row(day=3, time="20:00"), row(day=3), row(name="Other")]
    assert [(it.slug, it.reason) for it in rows(same, FEED)] == [
        ("river-group-1", ""),
        ("river-group-1-wed-1900", ""),
        ("river-group-1-wed-2000", ""),
        ("river-group-1", "an earlier row has the same slug"),
        ("river-group-1", "an earlier row has the same slug"),
    ]


def test_without_a_slug_it_is_known_by_its_id_or_by_name_and_time() -> None:
    assert only([row(slug=None, id=4711)]).slug == "4711"
    found = only([row(slug="", time="7:30 PM")])
    assert (found.slug, found.warnings[:1]) == (
        "river-group-tue-1930",
        ("no slug: known again by its name, day and time",),
    )


def test_how_long_it_lasts_may_be_told_as_such() -> None:
    assert meeting(duration=90).minutes == 90
    assert meeting(duration="01:15").minutes == 75
    assert meeting(duration="soon", end_time="19:45").minutes == 45


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

"""BMLT's JSON: days from Sunday, 1; everything a string; codes that each server has of its own."""

from datetime import time
from typing import Any

from server.schedule.feeds import Feed, Row, rows
from server.schedule.recurrence import Weekly

ROW: dict[str, Any] = {
    "id_bigint": "2566",
    "root_server_id": "",
    "weekday_tinyint": "2",
    "venue_type": "2",
    "start_time": "19:30:00",
    "duration_time": "01:30:00",
    "time_zone": "America/New_York",
    "formats": "O,RF,To,VM",
    "lang_enum": "en",
    "meeting_name": "Step up",
    "comments": "Comments#@-@#All are welcome",
    "location_street": "128 Main Street",
    "location_municipality": "Clifton Springs",
    "location_province": "NY",
    "location_nation": "USA",
    "virtual_meeting_link": "https://video.example.com/j/1",
    "virtual_meeting_additional_info": "ID 1",
    "phone_meeting_number": "",
    "contact_name_1": "Mallory",
    "email_contact": "mallory@example.com",
    "published": "1",
}
FORMATS = [{"key_string": "O", "world_id": "OPEN"}, {"key_string": "To", "world_id": "TOP"}, {"key_string": "RF"}]
FEED = Feed("bmlt.json", program="na")


def only(**fields: Any) -> Row:
    (found,) = rows({"meetings": [ROW | fields], "formats": FORMATS}, FEED)
    return found


def test_a_row_becomes_a_meeting() -> None:
    found = only()
    it = found.meeting
    assert it is not None
    assert (found.slug, found.wished) == ("bmlt-2566", "Step up-2566")
    assert (it.name, it.timezone, it.minutes) == ("Step up", "America/New_York", 90)
    assert it.recurrence == Weekly((1,), time(19, 30))
    assert it.types == ("O", "RF", "TOP")
    assert (it.description, it.place, it.language) == ("All are welcome", "Clifton Springs, NY, USA", "en")
    assert (it.link, it.link_notes) == ("https://video.example.com/j/1", "ID 1")
    assert "allory" not in repr(found)
    assert "Main Street" not in repr(found)


def test_without_its_formats_the_keys_stay_as_tags() -> None:
    (found,) = rows([ROW], FEED)
    assert found.meeting is not None
    assert found.meeting.types == ("O", "RF", "TO")


def test_days_are_counted_from_sunday_one() -> None:
    days = [only(weekday_tinyint=str(day)).meeting for day in range(1, 8)]
    assert [it.recurrence.days for it in days if it and isinstance(it.recurrence, Weekly)] == [(d,) for d in range(7)]
    assert only(weekday_tinyint="0").reason == "no day and time, or none that can be read"


def test_the_length_is_the_servers_or_an_hour() -> None:
    lengths = {"24:00:00": 1440, "00:45:00": 45, "": 60, "00:00:00": 60}
    for told, minutes in lengths.items():
        it = only(duration_time=told).meeting
        assert it is not None
        assert it.minutes == minutes


def test_a_meeting_in_a_building_alone_is_not_online() -> None:
    assert only(venue_type="1").reason.startswith("not online")
    assert only(venue_type="3").meeting is not None
    assert only(virtual_meeting_link="", venue_type="").reason.startswith("not online")


def test_what_is_not_published_stays_out() -> None:
    assert only(published="0").reason == "not published"


def test_servers_of_one_aggregator_are_told_apart() -> None:
    assert only(root_server_id="7").slug == "bmlt-7-2566"


def test_rows_as_the_servers_own_interface_tells_them() -> None:
    row = {
        "id": 12,
        "name": "Step up",
        "day": 0,
        "startTime": "19:30",
        "duration": "01:00",
        "timeZone": "America/New_York",
        "venueType": 2,
        "virtualMeetingLink": "https://video.example.com/j/1",
        "published": True,
    }
    (found,) = rows([row], FEED)
    assert found.meeting is not None
    assert (found.slug, found.meeting.minutes, found.meeting.recurrence) == ("12", 60, Weekly((0,), time(19, 30)))
    (hidden,) = rows([row | {"published": False}], FEED)
    assert hidden.reason == "not published"

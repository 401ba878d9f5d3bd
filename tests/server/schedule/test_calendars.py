"""Calendars: of one meeting and of all, with their names or without a word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar, Event

from server.schedule.recurrence import starts
from tests.server.site import ORIGIN, Site, at, bearer


async def events(site: Site, path: str) -> list[Any]:
    """A calendar's events. The library's types know every kind of property; `Any` says what we know of each."""
    answer = await site.http.get(path)
    assert answer.status_code == 200
    return [part for part in Calendar.from_ical(answer.content).walk() if isinstance(part, Event)]


async def only(site: Site, path: str = "/m/tuesday-circle.ics") -> Any:
    (event,) = await events(site, path)
    return event


def dates(event: Any) -> Iterator[int]:
    """The starts as a calendar works them out: wall time in the event's zone."""
    start: datetime = event["dtstart"].dt
    if "rrule" not in event:
        yield round(start.timestamp() * 1000)
        return
    for wall in rrulestr(event["rrule"].to_ical().decode(), dtstart=start):
        yield round(wall.timestamp() * 1000)


async def test_an_event_says_when_for_how_long_and_where(site: Site) -> None:
    await site.creates(description="We read; a page,\nand share.")
    event = await only(site)
    room = f"{ORIGIN}/r/tuesday-circle"
    assert event["summary"] == "Tuesday circle"
    assert event["description"] == f"We read; a page,\nand share.\n\n{room}"
    assert event["dtstart"].params["TZID"] == "Europe/Berlin"
    assert event["dtstart"].dt.isoformat() == "2026-11-03T19:00:00+01:00"
    assert event["duration"].dt == timedelta(hours=1)
    assert event["rrule"].to_ical() == b"FREQ=WEEKLY;BYDAY=TU"
    for name in ("location", "url", "conference"):
        assert str(event[name]) == room
    assert "#" not in event.to_ical().decode()


WHEN: list[dict[str, Any]] = [
    {"day": 2, "time": "19:00"},
    {"day": [0, 6], "time": "00:30"},
    {"once": "2026-12-24T18:00"},
    {"rrule": "FREQ=MONTHLY;BYDAY=1TU", "dtstart": "2026-01-06T19:00"},
    {"rrule": "FREQ=WEEKLY;INTERVAL=2;UNTIL=20270601T170000Z", "dtstart": "2026-10-28T19:00"},
    {"rrule": "FREQ=WEEKLY;UNTIL=20270601", "dtstart": "2026-10-28T19:00"},
    {"rrule": "FREQ=DAILY;COUNT=30", "dtstart": "2027-03-20T19:00"},
]


@pytest.mark.parametrize("when", WHEN, ids=str)
async def test_a_calendar_shows_the_dates_that_we_hold_it_on(site: Site, when: dict[str, Any]) -> None:
    """For half a year, the nights in which the clocks change included."""
    await site.made(timezone="Europe/Berlin", **when)
    stored = await site.schedule.get("tuesday-circle")
    assert stored is not None
    shown = [it for it in islice(dates(await only(site)), 400) if it > site.now]
    held = list(islice(starts(stored.meeting.recurrence, "Europe/Berlin", site.now), len(shown)))
    half_a_year = site.now + 182 * 86_400_000
    assert [it for it in shown if it < half_a_year] == [it for it in held if it < half_a_year]
    assert held


async def test_the_zone_comes_with_it(site: Site) -> None:
    await site.creates()
    await site.creates(name="Elsewhere", timezone="America/New_York")
    await site.creates(name="Also there", timezone="America/New_York")
    await site.creates(name="Everywhere", timezone="UTC")
    calendar = Calendar.from_ical((await site.http.get("/meetings.ics")).content)
    assert [str(it["tzid"]) for it in calendar.walk("vtimezone")] == ["America/New_York", "Europe/Berlin"]


async def test_a_meeting_keeps_its_uid_and_a_change_raises_its_sequence(site: Site) -> None:
    await site.creates()
    before = await only(site)
    stored = await site.schedule.get("tuesday-circle")
    assert stored is not None
    site.now += 60_000
    await site.schedule.change(stored.slug, stored.meeting, stored.secrets)
    after = await only(site)
    assert after["uid"] == before["uid"] == (await only(site, "/meetings.ics"))["uid"]
    assert after["sequence"] > before["sequence"]
    assert after["last-modified"].dt == datetime.fromtimestamp(site.now / 1000, UTC)


@pytest.mark.parametrize("path", ["/m/tuesday-circle.ics", "/meetings.ics"])
async def test_the_discreet_one_is_an_appointment_and_nothing_else(site: Site, path: str) -> None:
    await site.creates(description="We share.", group="Rivers")
    event = await only(site, f"{path}?title=private")
    assert (event["summary"], event["class"]) == ("Appointment", "PRIVATE")
    assert event["uid"] == (await only(site, path))["uid"]
    assert next(dates(event)) == at("2026-11-03T19:00", "Europe/Berlin")
    text = (await site.http.get(f"{path}?title=private")).text
    for word in ("circle", "Rivers", "We share", "/r/", "/m/", "Meeting"):
        assert word not in text, word


async def test_hostile_names_stay_in_their_line(site: Site) -> None:
    await site.creates(name="Circle; ATTENDEE,x:mailto \\n END:VCALENDAR", description="a\nEND:VEVENT\nBEGIN:VEVENT")
    (event,) = await events(site, "/meetings.ics")
    assert event["summary"] == "Circle; ATTENDEE,x:mailto \\n END:VCALENDAR"
    assert "END:VEVENT" in event["description"]


async def test_lines_are_as_calendars_want_them(site: Site) -> None:
    await site.creates(name="Ein sehr langer Name mit Umlauten äöü " * 5)
    lines = (await site.http.get("/m/ein-sehr-langer-name-mit-umlauten-ein-sehr-langer-name-mit-umlau.ics")).content
    assert lines.endswith(b"\r\n")
    assert all(len(line) <= 75 for line in lines.split(b"\r\n"))


async def test_what_is_for_this_moment_is_in_no_calendar(site: Site) -> None:
    await site.made(name="Now", now=True)
    assert await events(site, "/meetings.ics") == []
    assert await events(site, "/m/now.ics") == []


async def test_a_cancelled_date_is_left_out_and_a_moved_one_is_elsewhere(site: Site) -> None:
    made = await site.creates()
    changes = [
        {"date": "2026-11-10", "cancelled": True},
        {"date": "2026-11-17", "moved_to": "2026-11-19T20:00", "note": "On Thursday this time"},
    ]
    headers = bearer(made["manage_url"])
    assert (
        await site.http.patch("/api/meetings/tuesday-circle", json={"changes": changes}, headers=headers)
    ).is_success
    series, moved = await events(site, "/m/tuesday-circle.ics")
    assert [it.dt.isoformat() for it in series["exdate"].dts] == ["2026-11-10T19:00:00+01:00"]
    assert moved["recurrence-id"].dt.isoformat() == "2026-11-17T19:00:00+01:00"
    assert moved["dtstart"].dt.isoformat() == "2026-11-19T20:00:00+01:00"
    assert moved["description"].startswith("On Thursday this time")
    assert (moved["uid"], moved["sequence"]) == (series["uid"], 1)
    assert "Thursday" not in (await site.http.get("/m/tuesday-circle.ics?title=private")).text


async def test_a_paused_meeting_is_left_out_of_the_calendars_of_many_as_long_as_another_is_held(site: Site) -> None:
    made = await site.creates(group="Rivers")
    await site.creates(name="Other", group="Rivers")
    headers = bearer(made["manage_url"])
    for path in ("/meetings.ics", "/meetings.ics?group=Rivers", "/meetings.ics?title=private"):
        for paused, count in ((True, 1), (False, 2)):
            await site.http.patch("/api/meetings/tuesday-circle", json={"paused": paused}, headers=headers)
            assert (await site.text(path)).count("BEGIN:VEVENT") == count


async def test_a_paused_meeting_is_cancelled_in_calendars_until_it_goes_on(site: Site) -> None:
    made = await site.creates()
    headers = bearer(made["manage_url"])
    for paused, status in ((True, "CANCELLED"), (False, None)):
        await site.http.patch("/api/meetings/tuesday-circle", json={"paused": paused}, headers=headers)
        assert (await only(site)).get("status") == status


async def test_a_group_has_a_calendar_of_all_its_meetings(site: Site) -> None:
    await site.creates(group="River  Group")
    await site.creates(name="Another", group="river group", day=4)
    await site.creates(name="Elsewhere", group="Pier")
    await site.creates(name="Unseen", group="River Group", listed=False)
    found = await events(site, "/meetings.ics?group=River+group")
    assert [event["summary"] for event in found] == ["Another", "Tuesday circle"]
    discreet = (await site.http.get("/meetings.ics?group=River+group&title=private")).text
    assert "iver" not in discreet
    for nobody in ("", "Nobody"):
        assert (await site.http.get("/meetings.ics", params={"group": nobody})).status_code == 404

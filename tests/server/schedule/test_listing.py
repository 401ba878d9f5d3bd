"""`/meetings.json`: the schedule as a Meeting Guide feed, for finders as they really read it."""

import re
from typing import Any

import pytest

from server.schedule.documents import feed_in
from server.schedule.feeds import Feed, rows
from tests.server.site import ORIGIN, Site, bearer


async def listed(site: Site) -> list[dict[str, Any]]:
    answer = await site.http.get("/meetings.json")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_row_says_when_where_and_how_to_come_in(site: Site) -> None:
    await site.creates(
        description="We read a page.", types=["O", "SP"], group="Rivers", place="Berlin, Germany", language="de"
    )
    (row,) = await listed(site)
    assert re.fullmatch("[0-9a-f]{32}", row.pop("uid"))
    assert [row] == [
        {
            "name": "Tuesday circle",
            "slug": "tuesday-circle",
            "day": 2,
            "time": "19:00",
            "end_time": "20:00",
            "timezone": "Europe/Berlin",
            "formatted_address": "Berlin, Germany",
            "approximate": "yes",
            "conference_url": f"{ORIGIN}/r/tuesday-circle",
            "url": f"{ORIGIN}/m/tuesday-circle",
            "updated": "2026-11-02 12:00:00",
            "types": ["O", "SP", "DE"],
            "entity": "rooms.example.org",
            "entity_url": ORIGIN,
            "entity_website_url": ORIGIN,
            "group": "Rivers",
            "notes": "We read a page.",
        }
    ]


async def test_without_meetings_it_is_an_empty_list(site: Site) -> None:
    assert await listed(site) == []


async def test_a_meeting_on_several_days_has_a_row_for_each(site: Site) -> None:
    await site.creates(day=[1, 3, 5], slug="x" * 64)
    found = await listed(site)
    assert [row["day"] for row in found] == [1, 3, 5]
    assert [row["slug"][-4:] for row in found] == ["-mon", "-wed", "-fri"]
    assert all(re.fullmatch(r"[a-z0-9-]{1,64}", row["slug"]) for row in found)


async def test_past_midnight_it_ends_on_the_clock_of_the_next_day(site: Site) -> None:
    await site.creates(time="23:30", minutes=90)
    assert [(row["time"], row["end_time"]) for row in await listed(site)] == [("23:30", "01:00")]


async def test_only_what_is_weekly_and_public_is_in_it(site: Site) -> None:
    await site.creates(name="Unseen", listed=False)
    await site.made(name="Once", once="2026-12-24T18:00")
    await site.made(name="Now", now=True)
    await site.made(name="Monthly", rrule="FREQ=MONTHLY;BYDAY=1TU", dtstart="2026-01-06T19:00")
    assert await listed(site) == []


@pytest.mark.parametrize(
    ("place", "address"),
    [
        ("", "Berlin, Germany"),  # the zone's
        ("Springfield, MA, USA", "Springfield, MA, USA"),
        ("1 Main St, Springfield, MA, USA", "Springfield, MA, USA"),  # four parts would be a building to finders
    ],
)
async def test_the_place_is_no_building(site: Site, place: str, address: str) -> None:
    await site.creates(place=place)
    assert [row["formatted_address"] for row in await listed(site)] == [address]


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"language": "es"}, ["S"]),
        ({"language": "es", "program": "na"}, ["ES"]),
        ({"language": "en-US", "types": ["EN", "O"]}, ["EN", "O"]),
        ({"types": ["ONL", "TC", "W"]}, ["W"]),
    ],
)
async def test_type_codes_and_the_language_as_finders_have_them(
    site: Site, fields: dict[str, Any], codes: list[str]
) -> None:
    await site.creates(**fields)
    assert [row["types"] for row in await listed(site)] == [codes]


async def test_nothing_secret_is_in_it(site: Site) -> None:
    made = await site.creates(passcode="opensesame")
    text = (await site.http.get("/meetings.json")).text
    assert "opensesame" not in text
    assert all("#" not in value for row in await listed(site) for value in row.values() if isinstance(value, str))
    for name in ("host", "manage"):
        assert made[f"{name}_url"].partition("#key=")[2] not in text


async def test_our_own_feed_can_be_imported(site: Site) -> None:
    await site.creates(day=[0, 6], time="23:30", minutes=90, types=["O"], description="Two\nlines")
    found = list(rows(await listed(site), Feed("ours.json")))
    assert [it.warnings for it in found] == [(), ()]
    for it in found:
        assert it.meeting is not None
        assert (it.meeting.minutes, it.meeting.description) == (90, "Two\nlines")


async def test_as_a_table_it_has_the_columns_of_the_plugin_and_comes_in_again_the_same(site: Site) -> None:
    await site.creates(day=[0, 6], time="23:30", minutes=90, types=["O", "W"], description='Two "lines",\nand more')
    await site.creates(name="=1+1", day=3)
    answer = await site.http.get("/meetings.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbfName,Day,Time,")
    assert b"'=1+1" in answer.content
    from_table = {it.slug: it.meeting for it in rows(feed_in(answer.content), Feed("ours.csv"))}
    from_json = {it.slug: it.meeting for it in rows(await listed(site), Feed("ours.json"))}
    del from_table["1-1"], from_json["1-1"]  # whose name no spreadsheet is to take for a formula
    assert from_table == from_json
    assert len(from_json) == 2


async def test_a_paused_meeting_is_not_in_it(site: Site) -> None:
    made = await site.creates()
    await site.http.patch("/api/meetings/tuesday-circle", json={"paused": True}, headers=bearer(made["manage_url"]))
    assert await listed(site) == []

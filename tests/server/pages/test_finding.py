"""Finding a meeting among many: every question is an address that can be shared."""

from typing import Any

import pytest

from server.schedule.feeds import Feed
from server.schedule.importing import import_feed
from tests.server.pages.browser import page
from tests.server.schedule.feed import row
from tests.server.site import Site, at


async def names(site: Site, query: str) -> list[str]:
    """Whose meetings are shown for that query, each once."""
    shown = await page(site, f"/?{query}")
    return list(dict.fromkeys(name for href, name in shown.links.items() if href.startswith("/m/")))


@pytest.fixture
async def town(site: Site) -> Site:
    """It is Monday noon in London."""
    await site.creates(name="Élan vital", day=1, time="09:00", timezone="Europe/London", language="fr")
    await site.creates(name="Evening calm", day=2, time="18:30", timezone="Europe/London", types=["MED"], group="Ash")
    await site.creates(name="Night owls", day=4, time="23:00", timezone="Europe/London", program="na", types=["O"])
    await site.creates(name="Early birds", day=5, time="02:00", timezone="Europe/London", description="Tea and quiet.")
    return site


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=calm", ["Evening calm"]),
        ("q=ELAN", ["Élan vital"]),
        ("q=%C3%A9lan", ["Élan vital"]),
        ("q=med", ["Evening calm"]),
        ("q=ash+calm", ["Evening calm"]),
        ("q=ash+owls", []),
        ("q=tea", ["Early birds"]),
        ("q=meditation", ["Evening calm"]),
        ("day=2", ["Evening calm"]),
        ("time=morning", ["Élan vital"]),
        ("time=evening", ["Evening calm"]),
        ("time=night", ["Night owls", "Early birds"]),
        ("spoken=fr", ["Élan vital"]),
        ("type=Meditation", ["Evening calm"]),
        ("program=na", ["Night owls"]),
        ("time=night&program=na", ["Night owls"]),
        ("q=%00%ff%3Cscript%3E", []),
        ("type=nothing", []),
        ("spoken=xx&time=evening", []),
    ],
)
async def test_what_is_asked_for_is_shown_and_nothing_else(town: Site, query: str, expected: list[str]) -> None:
    assert await names(town, query) == expected


async def test_it_says_how_many_were_found_and_keeps_what_was_asked(town: Site) -> None:
    shown = await page(town, "/?q=night&time=night&zone=Europe/Paris")
    assert "Found: 1" in shown.text
    fields = {attributes.get("name"): attributes.get("value") for tag, attributes in shown.tags if tag == "input"}
    assert (fields["q"], fields["zone"]) == ("night", "Europe/Paris")
    chosen = [attributes.get("value") for tag, attributes in shown.tags if tag == "option" and "selected" in attributes]
    assert chosen == ["night"]


async def test_times_are_those_of_the_clock_that_was_chosen_with_the_meetings_own_beside_them(town: Site) -> None:
    shown = await page(town, "/?zone=Asia/Tokyo")
    assert "Times are those of Tokyo." in shown.text
    assert ("2026-11-03T18:30:00Z", "Wed 4 Nov, 03:30") in shown.times
    assert "(Tue 3 Nov, 18:30 in London)" in shown.text


async def test_day_and_time_of_day_are_those_of_the_chosen_clock(town: Site) -> None:
    assert await names(town, "day=3&zone=Asia/Tokyo") == ["Evening calm"]
    assert await names(town, "time=morning&zone=Asia/Tokyo") == ["Night owls"]


async def test_another_language_asks_for_the_same(town: Site) -> None:
    shown = await page(town, "/?q=night&time=night&zone=Europe/Paris")
    assert shown.links["?q=night&time=night&zone=Europe%2FParis&language=fr"] == "Français"
    french = await page(town, "/?q=night&time=night&zone=Europe%2FParis&language=fr")
    assert "Trouvées\xa0: 1" in french.html


async def test_what_is_open_now(town: Site) -> None:
    assert await names(town, "day=now") == []
    town.now = at("2026-11-03T18:20", "Europe/London")
    assert await names(town, "day=now") == ["Evening calm"]
    await town.made(always=True, name="Always here")
    assert await names(town, "day=now") == ["Evening calm", "Always here"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=moon", ["Moon circle"]),
        ("day=3", ["Moon circle"]),
        ("day=4", ["Night owls"]),
        ("type=Meditation", ["Evening calm", "Moon circle"]),
        ("type=Meditation&time=morning", []),
        ("day=now", []),
        ("", ["Evening calm", "Night owls", "Early birds", "Élan vital", "Moon circle"]),
    ],
)
async def test_a_meeting_that_is_weeks_away_is_found_with_its_next_date(
    town: Site, query: str, expected: list[str]
) -> None:
    await town.made(
        name="Moon circle", rrule="FREQ=MONTHLY;BYDAY=4WE", dtstart="2026-10-28T20:00", timezone="Europe/London",
        types=["MED"],
    )  # fmt: skip
    assert await names(town, query) == expected
    shown = await page(town, f"/?{query}")
    assert shown.text.count("Wed 25 Nov, 20:00") == ("Moon circle" in expected)


async def test_a_meeting_of_every_other_week_is_shown_once_whether_it_is_this_week_or_the_next(site: Site) -> None:
    await site.made(name="Tides", rrule="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO", dtstart="2026-10-26T20:00",
                    timezone="Europe/London")  # fmt: skip
    for day in range(15):
        site.now = at("2026-11-02T19:00", "Europe/London") + day * 24 * 3600 * 1000
        shown = await page(site, "/?q=tides")
        assert shown.text.count("20:00") == 1, day
        assert "Found: 1" in shown.text, day


async def test_an_ended_one_and_a_cancelled_one_are_not_open(town: Site) -> None:
    town.now = at("2026-11-03T18:20", "Europe/London")
    shown = await town.meeting("evening-calm")
    await town.schedule.mark_ended(shown["next"]["room"])
    town.now += 15_000
    assert await names(town, "day=now") == []
    await town.creates(name="Off", day=2, time="18:30", timezone="Europe/London", changes=[
        {"date": "2026-11-03", "cancelled": True}
    ])  # fmt: skip
    assert await names(town, "day=now") == []
    assert "Cancelled" in (await page(town, "/?q=off")).text


async def test_a_language_that_a_feed_has_among_its_types(site: Site) -> None:
    rows: list[dict[str, Any]] = [row(slug="a", name="Uno", types=["S"]), row(slug="b", name="One", types=["EN"])]
    await import_feed(site.schedule, rows, Feed("feed.json", program="aa"))
    assert await names(site, "spoken=es") == ["Uno"]
    assert "Spanish" in (await page(site, "/")).text


async def test_without_scripts_the_clock_is_chosen_on_a_page_of_its_own(town: Site) -> None:
    shown = await page(town, "/clocks?q=calm&zone=Asia/Tokyo&page=3")
    kept = {it["name"]: it["value"] for tag, it in shown.tags if tag == "input"}
    assert kept == {"q": "calm"}
    selected = [it["value"] for tag, it in shown.tags if tag == "option" and "selected" in it]
    assert selected == ["Asia/Tokyo"]

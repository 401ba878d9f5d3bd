"""The schedule's page: what is open now, what comes next, and the week."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from server.schedule.feeds import Feed
from server.schedule.importing import import_feed
from server.schedule.search import Index
from tests.server.pages.browser import page
from tests.server.schedule.feed import row
from tests.server.site import MINUTE, Site, a_site, at


async def a_town(site: Site, count: int) -> None:
    """As many weekly meetings as a town's feed has."""
    rows: list[dict[str, Any]] = [
        row(slug=f"group-{n}", name=f"A group with a usual name, {n}", day=n % 7, time=f"{n % 24:02}:{n % 4 * 15:02}")
        for n in range(count)
    ]
    report = await import_feed(site.schedule, rows, Feed("town.json", program="aa"))
    assert report.imported == count


async def test_without_meetings_it_says_so(site: Site) -> None:
    assert "No meetings are listed here yet." in (await page(site, "/")).text


async def test_a_meeting_is_shown_with_its_time_there_and_as_a_moment(site: Site) -> None:
    await site.creates(types=["O", "SP"], group="Rivers", program="aa")
    shown = await page(site, "/")
    assert set(shown.times) == {("2026-11-03T18:00:00Z", "Tue 3 Nov, 19:00")}
    assert shown.links["/m/tuesday-circle"] == "Tuesday circle"
    assert "60 minutes · Rivers · Open, Speaker" in shown.text
    assert "(Berlin time)" in shown.text


async def test_an_open_meeting_has_a_way_in(site: Site) -> None:
    await site.creates()
    assert "/r/tuesday-circle" not in (await page(site, "/")).links
    site.now = at("2026-11-03T18:45", "Europe/Berlin")
    shown = await page(site, "/")
    assert "Open now" in shown.text
    assert shown.links["/r/tuesday-circle"] == ": Tuesday circle", "the link's name says where to, also to the ear"


async def test_a_meeting_that_began_yesterday_is_still_open(site: Site) -> None:
    await site.creates(time="23:30", minutes=60)
    site.now = at("2026-11-04T00:10", "Europe/Berlin")
    shown = await page(site, "/")
    assert "Open now" in shown.text
    assert ("2026-11-03T22:30:00Z", "Tue 3 Nov, 23:30") in shown.times


async def test_a_meeting_of_the_next_week_is_not_in_this_one(site: Site) -> None:
    await site.made(once="2026-12-24T18:00")
    assert "No listed meeting takes place in the next seven days." in (await page(site, "/")).text


async def test_a_change_is_seen_at_once(site: Site) -> None:
    await site.creates()
    assert "Another" not in (await page(site, "/")).text
    await site.creates(name="Another")
    assert "Another" in (await page(site, "/")).text


async def test_an_unlisted_meeting_is_not_shown(site: Site) -> None:
    await site.creates(name="Unseen", listed=False)
    assert "Unseen" not in (await page(site, "/")).text


async def test_in_the_night_when_the_clocks_change_the_wall_time_stays(site: Site) -> None:
    await site.creates(name="Early", timezone="America/New_York", day=0, time="07:00")
    for now, moment in (("2027-03-07T00:00", "2027-03-07T12:00:00Z"), ("2027-03-13T12:00", "2027-03-14T11:00:00Z")):
        site.now = at(now, "America/New_York")
        (time,) = set((await page(site, "/")).times)
        assert time[0] == moment
        assert time[1].endswith("07:00")


async def test_a_long_week_is_shown_by_day(site: Site) -> None:
    await a_town(site, 350)
    shown = await page(site, "/")
    days = [href for href in shown.links if href.startswith("/?day=")]
    assert len([href for href in days if href.endswith("#week")]) == 7
    wednesday = await page(site, "/?day=3")
    assert "Wednesday 4 November" in wednesday.text
    assert {href for href in wednesday.links if href.startswith("/m/")} > {"/m/group-3", "/m/group-10"}
    for wrong in ("?day=9", "?day=x", "?day=", "?page=2", "?page=-1", "?day=3&page=99", "?page=9e9", "?zone=Moon"):
        assert (await site.http.get(f"/{wrong}")).status_code == 200


async def test_a_long_day_is_shown_by_page(site: Site) -> None:
    await a_town(site, 7 * 120)
    first, second = await page(site, "/?day=3"), await page(site, "/?day=3&page=2")
    assert "Page 1 of 3" in first.text
    assert first.links["/?day=3&page=2#week"] == "Later"
    assert second.links["/?day=3#week"] == "Earlier"
    assert ("2026-11-04T08:00:00Z", "Wed 4 Nov, 00:00") in first.times
    assert ("2026-11-04T08:00:00Z", "Wed 4 Nov, 00:00") not in second.times


async def test_a_towns_schedule_is_light_on_a_bad_line(site: Site) -> None:
    await a_town(site, 776)
    site.now = at("2026-11-03T12:00", "America/Los_Angeles")
    answer = await site.http.get("/", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) < 64_000
    assert int(answer.headers["content-length"]) < 8_000


async def test_it_is_worked_out_once_for_all_who_come_within_a_day(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    await site.creates()
    worked_out = []

    class Counted(Index):
        def __init__(self, *of: Any) -> None:
            worked_out.append(of)
            super().__init__(*of)

    monkeypatch.setattr("server.schedule.search.Index", Counted)
    pages = await asyncio.gather(*(site.text("/") for _ in range(20)))
    assert len(set(pages)) == len(worked_out) == 1
    site.now += 10 * MINUTE
    await site.text("/?q=tuesday")
    assert len(worked_out) == 1
    site.now += 24 * 60 * MINUTE
    await site.text("/")
    assert len(worked_out) == 2


async def test_its_days_are_those_of_where_most_meetings_are(tmp_path: Path) -> None:
    async with a_site(tmp_path) as site:
        await site.creates(name="East", timezone="Asia/Tokyo", day=2, time="08:00")
        await site.creates(name="Further east", timezone="Asia/Tokyo", day=2, time="07:00")
        await site.creates(name="West", day=1, time="23:30")
        shown = await page(site, "/")
        week = shown.text.partition("The week")[2]
        assert week.index("Tuesday 3 November") < week.index("Further east") < week.index("West")

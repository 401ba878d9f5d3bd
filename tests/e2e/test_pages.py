"""The server's own pages in a real browser: whoever looks for a meeting, and whoever manages one."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.chromium import AXE
from tests.server.kit import Served, serving

BERLIN = ZoneInfo("Europe/Berlin")
PHONE, DESKTOP = (320, 640), (1280, 900)
WEEKLY = {"name": "River circle", "timezone": "America/Los_Angeles", "minutes": 60}


class Reader:
    """Somebody with a browser, whose clock shows Berlin's time."""

    def __init__(self, served: Served, page: Page) -> None:
        self.served = served
        self.page = page
        self.base = f"http://127.0.0.1:{served.port}"
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)

    async def creates(self, **fields: Any) -> dict[str, str]:
        """The links of a new meeting."""
        answer = await self.page.request.post(f"{self.base}/api/meetings", data=WEEKLY | fields)
        assert answer.status == 201, await answer.text()
        made: dict[str, str] = await answer.json()
        return made

    async def opens(self, path: str) -> Page:
        await self.page.goto(path if path.startswith("http") else self.base + path)
        return self.page

    async def finds_no_barrier(self) -> None:
        """Nothing that axe knows to keep people out, and nothing wider than the screen."""
        await self.page.evaluate(AXE)
        found = await self.page.evaluate("axe.run({resultTypes: ['violations']})")
        assert [(it["id"], it["nodes"][0]["html"]) for it in found["violations"]] == []
        assert await self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest_asyncio.fixture(params=[(PHONE, "dark"), (DESKTOP, "light")], ids=["phone", "desktop"], loop_scope="session")
async def reader(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> AsyncIterator[Reader]:
    (width, height), scheme = request.param
    async with serving(tmp_path) as served:
        context = await browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            timezone_id="Europe/Berlin",
            locale="en-GB",
            bypass_csp=True,  # for axe; that the pages do without is seen by `test_the_pages_keep_to_their_policy`
        )
        yield (it := Reader(served, await context.new_page()))
        await context.close()
        assert it.errors == []


async def test_times_are_those_of_the_readers_clock(reader: Reader) -> None:
    await reader.creates(once="2027-03-16T19:00")  # in these weeks Los Angeles is an hour nearer to Berlin
    await reader.creates(name="At home", once="2027-03-16T19:00", timezone="Europe/Berlin")
    page = await reader.opens("/m/river-circle")
    await expect(page.locator(".dates li")).to_have_text("Wed 17 Mar, 03:00 (Tue 16 Mar, 19:00 in Los Angeles)")
    await expect(page.get_by_text("Times are those of your own clock (Berlin).")).to_be_visible()
    await reader.finds_no_barrier()
    page = await reader.opens("/m/at-home")
    await expect(page.locator(".dates li")).to_have_text("Tue 16 Mar, 19:00")


async def test_the_week_is_sorted_into_the_readers_days(reader: Reader) -> None:
    today = datetime.fromtimestamp(reader.served.clock() / 1000, UTC).replace(hour=0, minute=0)
    days = []
    for name, hour in (("Before midnight", 20), ("After midnight", 23)):  # of Berlin, winter and summer
        start = today + timedelta(days=2, hours=hour, minutes=30)
        await reader.creates(name=name, timezone="UTC", once=f"{start:%Y-%m-%dT%H:%M}")
        there = start.astimezone(BERLIN)
        days.append(f"{there:%A} {there.day} {there:%B}")
    page = await reader.opens("/")
    await expect(page.locator(".days h3")).to_have_text(days)
    await reader.finds_no_barrier()


async def test_from_the_schedule_to_the_doors(reader: Reader) -> None:
    await reader.creates(name="Here and now", now=True)
    page = await reader.opens("/")
    await page.get_by_role("region", name="Open now").get_by_role("link", name="Here and now", exact=True).click()
    await expect(page.get_by_text("The doors are open.")).to_be_visible()
    await reader.finds_no_barrier()
    way_in = page.get_by_role("link", name="Come in")
    assert await way_in.get_attribute("href") == "/r/here-and-now"


async def test_a_meeting_is_managed_with_its_link(reader: Reader) -> None:
    made = await reader.creates(day=2, time="19:00")
    page = await reader.opens(made["manage_url"])
    await expect(page).to_have_url(made["manage_url"])  # it can be kept and reloaded
    await page.reload()
    await reader.finds_no_barrier()
    await page.get_by_role("button", name="Change the meeting").click()
    await reader.finds_no_barrier()
    await page.get_by_label("Name of the meeting").fill("Ocean circle")
    await page.get_by_role("button", name="See and change its agenda").click()
    await reader.finds_no_barrier()
    await page.get_by_role("button", name="Save").last.click()
    await expect(page.get_by_role("status")).to_have_text("Saved.")
    await page.get_by_role("button", name="Make a new one : To host").click()
    fresh = await page.get_by_role("region", name="To host").get_by_role("link").get_attribute("href")
    assert fresh is not None
    assert fresh.startswith(f"{reader.base}/r/river-circle#key=")
    assert fresh != made["host_url"]
    await reader.finds_no_barrier()
    shown = await (await page.request.get(f"{reader.base}/api/meetings/river-circle")).json()
    assert shown["name"] == "Ocean circle"

    await page.goto("about:blank")
    page = await reader.opens(made["manage_url"])
    await page.get_by_text("Cancel, move, or add a note").first.click()
    await reader.finds_no_barrier()
    await page.get_by_label("Cancelled").first.check()
    await page.get_by_role("button", name="Save").first.click()
    await expect(page.locator(".dates li").first.get_by_text("Cancelled", exact=True).first).to_be_visible()
    await page.get_by_role("button", name="Delete…").click()
    await reader.finds_no_barrier()
    await page.get_by_role("button", name="Yes, delete it").click()
    await expect(page.get_by_role("heading", name="The meeting is deleted")).to_be_visible()
    await reader.finds_no_barrier()
    assert (await page.request.get(f"{reader.base}/api/meetings/river-circle")).status == 404


async def test_without_the_whole_link_nothing_can_be_managed(reader: Reader) -> None:
    await reader.creates(day=2, time="19:00")
    page = await reader.opens("/m/river-circle/manage")
    await expect(page.get_by_text("This needs the meeting's manage link, the whole of it.")).to_be_visible()
    await expect(page.get_by_role("button", name="Change the meeting")).to_be_hidden()
    await reader.finds_no_barrier()


async def test_a_wrong_key_is_told_and_nothing_is_changed(reader: Reader) -> None:
    await reader.creates(day=2, time="19:00")
    page = await reader.opens("/m/river-circle/manage#key=wrong")
    await expect(page.get_by_text("This is not this meeting's manage link.")).to_be_visible()
    await reader.finds_no_barrier()
    reader.errors.clear()  # the browser's own word on the 403


async def test_the_pages_keep_to_their_policy(browser: Browser, tmp_path: Path) -> None:
    async with serving(tmp_path) as served:
        reader = Reader(served, await browser.new_page())
        made = await reader.creates(day=2, time="19:00")
        for path in ("/", "/m/river-circle", "/m/river-circle/finders", "/new", "/clocks", made["manage_url"]):
            await reader.opens(path)
        assert reader.errors == []
        assert await reader.page.context.cookies() == []
        await reader.page.context.close()
